/** How what is done with a case is refused. */
import { YitongError } from '../../../contracts/errors.js';

export const ERASED = 'the subject of the case was erased; nothing more is done on it';

/** @throws YitongError `act_refused` */
export const refuse = (why: string): never => {
  throw new YitongError('act_refused', why);
};

/** @throws YitongError `act_incomplete` */
export const incomplete = (what: string): never => {
  throw new YitongError('act_incomplete', what);
};

/** Also of one that is not the actor's to see. @throws YitongError `not_found` */
export const notFound = (): never => {
  throw new YitongError('not_found', 'there is no such case, or it is not yours to see');
};
