#!/usr/bin/env node
/**
 * Starts the program: out of the one file that `.bundle.mjs` makes of this build, where it is there and of this build;
 * else out of the compiled files. What runs is the same; one file loads sooner than 1,500.
 */
import { createRequire } from 'node:module';
import { isOfThisBuild } from '../ground/files/one-file.js';

if (isOfThisBuild()) createRequire(import.meta.url)('../../bundle/gateway/cli/run.js');
else await import('./run.js');
