/**
 * Traditional characters as the simplified ones in which `terms.json` is written, so that each word is known in both.
 * It holds every traditional form of a character of that dictionary, by Unicode's variants as ICU has them; a word with
 * a new character brings its own.
 */
const TRADITIONAL =
  '萬業叢嚴喬鄉書於產産從價會傳體餘黨蘭関關內冊農馮決況準齣劃劉別彆辦動區華單蔔盧衛縣發髮變葉號弔嚮曏呂吳員週圍國場處備薑婁孫寧審宮傢屬鞏師蓆莊' +
  '應龐開張噹當徵態總慼戶執據數斷無時暫麯機來楊搆構菓覈欒檔樑檢歐欵殘慇畢汙湯瀋註濟塗溫遊點狀環現電眞碼種積稱稅竇簽籤簡類係繫級紀緯納紋組織經結' +
  '絡統編繆繳羅罰聶職聯衚鬍臉蘆蘇範榮葯藥營蔣懞藍錶訊記許設証證評識診話詳說説請謝譚榖穀負責賬質費賀賈資賴趙蹤車輛邊連遲遞鄧鄺鄔郵鄒鄭鍾鐘錢銀舖' +
  '鋪銷鎮長門閆間閔陽陸陳麵韋韓項顧頒頻顏顔額饒馬驗魯鮑麥蔴黃齊龍龔';
/** At the same place. */
const SIMPLIFIED =
  '万业丛严乔乡书于产产从价会传体余党兰关关内册农冯决况准出划刘别别办动区华单卜卢卫县发发变叶号吊向向吕吴员周围国场处备姜娄孙宁审宫家属巩师席庄' +
  '应庞开张当当征态总戚户执据数断无时暂曲机来杨构构果核栾档梁检欧款残殷毕污汤沈注济涂温游点状环现电真码种积称税窦签签简类系系级纪纬纳纹组织经结' +
  '络统编缪缴罗罚聂职联胡胡脸芦苏范荣药药营蒋蒙蓝表讯记许设证证评识诊话详说说请谢谭谷谷负责账质费贺贾资赖赵踪车辆边连迟递邓邝邬邮邹郑钟钟钱银铺' +
  '铺销镇长门闫间闵阳陆陈面韦韩项顾颁频颜颜额饶马验鲁鲍麦麻黄齐龙龚';

const TABLE = new Map([...TRADITIONAL].map((sign, at): [string, string] => [sign, SIMPLIFIED.charAt(at)]));

/** For comparing with the dictionary only: what is written anywhere stays as the source has it. */
export function simplified(text: string): string {
  let out = '';
  for (const sign of text) out += TABLE.get(sign) ?? sign;
  return out;
}
