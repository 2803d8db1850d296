import { releaseHeld } from '../../../connectors/publish/index.js';
import { decision } from '../held.js';

export default decision({ verb: 'release', key: 'withdrawn', decide: releaseHeld, outcome: 'withdrawn', summary: 'withdraw records by name that left their register, whatever its guards say' });
