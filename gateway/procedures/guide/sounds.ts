/**
 * How a Chinese character sounds, so that a wrong character of the right sound, another dialect's way of speaking and a
 * traditional character lead to the same matter. By the order of characters by their sounds (CLDR's, which comes with
 * Node.js): the table has the first character of each syllable in it, and nothing else is kept. A character that has
 * several sounds counts by the first.
 */

/** Syllable and first character of it, again and again. */
const FIRST =
  'a吖ai哎an安ang肮ao凹ba丷bai挀ban扳bang邦bao勹bei卑ben奔beng伻bi屄bian边biao灬bie憋bin汃bing冫bo癶bu峬ca嚓cai偲can参cang仓cao撡' +
  'ce冊cen嵾ceng曽cha叉chai芆chan辿chang伥chao抄che车chen抻cheng阷chi吃chong充chou抽chu出chua歘chuai揣chuan巛chuang刅chui吹' +
  'chun旾chuo逴ci呲cong匆cou凑cu粗cuan汆cui崔cun邨cuo搓da咑dai呆dan丹dang当dao刀de嘚den扥deng灯di氐dia嗲dian敁diao刁die爹ding丁' +
  'diu丟dong东dou吺du厾duan耑dui垖dun吨duo多e妸ei诶en奀eng鞥er儿fa发fan帆fang匚fei飞fen分feng丰fo仏fou紑fu夫ga旮gai侅gan甘gang冈' +
  'gao皋ge戈gei给gen根geng刯gong工gou勾gu估gua瓜guai乖guan关guang光gui归gun丨guo呙ha哈hai咍han佄hang夯hao茠he诃hei黒hen拫heng亨' +
  'hong叿hou齁hu乎hua花huai怀huan欢huang巟hui灰hun昏huo吙ji丌jia加jian戋jiang江jiao艽jie阶jin巾jing坕jiong冂jiu丩ju凥juan姢' +
  'jue噘jun军ka咔kai开kan刊kang忼kao尻ke匼kei剋ken肎keng劥kong空kou抠ku扝kua夸kuai蒯kuan宽kuang匡kui亏kun坤kuo扩la垃lai来lan兰' +
  'lang啷lao捞le仂lei雷leng崚li哩lia俩lian奁liang良liao撩lie毟lin拎ling伶liu溜long龙lou瞜lu噜luan娈lun抡luo啰m呣ma妈mai埋man嫚' +
  'mang牤mao猫me嚒mei坆men椚meng擝mi咪mian宀miao喵mie乜min民ming名miu谬mo摸mou哞mu毪na拏nai腉nan囡nang囔nao孬ne疒nei娞nen恁' +
  'neng能ng嗯ni妮nian拈niang娘niao鸟nie捏nin囜ning宁niu妞nong农nou羺nu奴nuan奻nuo挪o喔ou讴pa妑pai拍pan眅pang乓pao抛pei呸pen喷' +
  'peng匉pi丕pian囨piao剽pie氕pin姘ping乒po钋pou剖pu仆qi七qia掐qian千qiang呛qiao悄qie苆qin亲qing靑qiong卭qiu丘qu区quan奍que炔' +
  'qun夋ran呥rang穣rao娆re惹ren人reng扔ri日rong戎rou厹ru邚rua挼ruan堧rui桵run瞤ruo捼sa仨sai毢san三sang桒sao掻se閪sen森seng僧' +
  'sha杀shai筛shan山shang伤shao弰she奢shei谁shen申sheng升shi尸shou収shu书shua刷shuai衰shuan闩shuang双shui脽shun吮shuo说si厶' +
  'song忪sou凁su苏suan狻sui夊sun孙suo唆ta他tai囼tan坍tang汤tao夲te忑teng熥ti剔tian天tiao旫tie帖ting厅tong囲tou偷tu凸tuan湍tui推' +
  'tun吞tuo乇wa屲wai歪wan弯wang尢wei危wen昷weng翁wo挝wu乌xi夕xia呷xian仙xiang乡xiao灱xie些xin心xing星xiong凶xiu休xu吁xuan吅' +
  'xue削xun坃ya丫yan恹yang央yao幺ye倻yi一yin囙ying应yo哟yong佣you优yu込yuan囦yue曰yun晕za帀zai災zan兂zang匨zao傮ze则zei贼zen怎' +
  'zeng囎zha扎zhai夈zhan枬zhang张zhao佋zhe蜇zhen贞zheng凧zhi之zhong中zhou州zhu朱zhua抓zhuai跩zhuan专zhuang妆zhui隹zhun宒' +
  'zhuo拙zi孜zong宗zou邹zu租zuan钻zui厜zun尊zuo嘬';

interface Table {
  readonly order: Intl.Collator;
  readonly syllables: readonly string[];
  /** The first character of each syllable, in their order. */
  readonly firsts: readonly string[];
  readonly all: ReadonlySet<string>;
}

let made: Table | undefined;

/** Made when the first character is asked for: the order of all characters takes 20 ms to be read. */
function table(): Table {
  if (made !== undefined) return made;
  const pairs = [...FIRST.matchAll(/([a-z]+)([^a-z])/g)];
  const syllables = pairs.map(([, syllable = '']) => syllable);
  made = {
    order: new Intl.Collator('zh-u-co-pinyin'),
    syllables,
    firsts: pairs.map(([, , first = '']) => first),
    all: new Set(syllables),
  };
  return made;
}

/** What many do not tell apart: zh and z, ch and c, sh and s, -ng and -n. */
const folded = (syllable: string): string => syllable.replace(/^([zcs])h/, '$1').replace(/ng$/, 'n');

const known = new Map<string, string | undefined>();

/** The syllable of a character without its tone; undefined of what is no Chinese character. */
export function soundOf(character: string): string | undefined {
  if (known.has(character)) return known.get(character);
  let found: string | undefined;
  if (/^\p{Script=Han}$/u.test(character)) {
    const { order, syllables, firsts } = table();
    let [from, to] = [0, firsts.length];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (order.compare(character, firsts[middle] as string) < 0) to = middle;
      else from = middle;
    }
    found = folded(syllables[from] as string);
  }
  // as many as there are characters
  known.set(character, found);
  return found;
}

const LONGEST = 6;

/**
 * A word in Latin letters as the syllables that it spells, without tones and folded like `soundOf`: in each way that it
 * can be read, those with long first syllables before others (`xian` is one, then two), at most `most`.
 */
export function spelt(word: string, most = 8): readonly (readonly string[])[] {
  if (!/^[a-z]{1,60}$/.test(word)) return [];
  const { all } = table();
  const found: (readonly string[])[] = [];
  // places from which on it cannot be spelt
  const dead = new Set<number>();
  const from = (at: number, before: readonly string[]): boolean => {
    if (at === word.length) {
      found.push(before);
      return true;
    }
    let can = false;
    for (let length = Math.min(LONGEST, word.length - at); length > 0 && found.length < most; length--) {
      const syllable = word.slice(at, at + length);
      if (all.has(syllable) && !dead.has(at + length)) can = from(at + length, [...before, folded(syllable)]) || can;
    }
    if (!can && found.length < most) dead.add(at);
    return can;
  };
  from(0, []);
  return found;
}
