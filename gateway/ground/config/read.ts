/** Reading a section of configuration whose schema is of TypeBox. */
import type { TObject } from 'typebox';
import type { Properties } from '../../../contracts/settings.js';

export {
  checkedSection,
  type Environment,
  type Properties,
  type Property,
  readSection,
  variable,
} from '../../../contracts/settings.js';

export const propertiesOf = (schema: TObject): Properties => schema.properties as Properties;
