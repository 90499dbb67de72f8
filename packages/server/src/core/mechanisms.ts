/**
 * The branches of core that are counted, each at the one place where it is taken. A simulation that never took one of them has proved
 * nothing about it; a run without a fault that took `look_found` or `reset` has hidden a bug behind a safety net.
 */
export const mechanisms = [
  'hole_waited',
  'hole_filled',
  'repair',
  'flight_shared',
  'flight_too_early',
  'bell_old',
  'bell_foreign',
  'look_found',
  'look_found_after_gap',
  'gap',
  'concern_asked',
  'concern_refused',
  'behind_full',
  'behind_hold',
  'live_again',
  'hold',
  'duplicate_in_batch',
  'duplicate_later',
  'probe_found',
  'id_conflict',
  'requires_retry',
  'poison_halved',
  'overloaded',
  'unknown_answer',
  'rolled_back',
  'renewed',
  'reset',
  'trimmed',
  'emptied',
  'link_dead',
  'link_silent',
  'hub_released',
  'answer_late',
  'readmitted',
] as const;

export type Mechanism = (typeof mechanisms)[number];
