import { bugsAround } from './around.ts';
import type { Bug } from './bug.ts';
import { bugsOfCore } from './core.ts';

export const bugs: readonly Bug[] = [...bugsOfCore, ...bugsAround];
