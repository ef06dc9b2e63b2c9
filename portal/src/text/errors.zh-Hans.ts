import type { Known } from './errors';

export const errors: Known = {};
