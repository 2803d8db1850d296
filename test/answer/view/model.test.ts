import t from 'tap';
import { viewModel } from '../../support/conformance/view-model.js';
import { driver } from './lmdb.driver.js';

viewModel(t, driver);
