// The course of the tracker's figures, from its answer and the events that follow.
import type { ErrorCounts, Now, Statistics } from './api';

export const seriesNames = [
  'announces',
  'requests',
  'peers',
  'received',
  'sent',
  'errors',
] as const;
export type SeriesName = (typeof seriesNames)[number];

export interface History {
  /** Seconds since 1970, one for each value. */
  times: number[];
  series: Record<SeriesName, number[]>;
}

export function historyOf({ history }: Statistics): History {
  const end = Date.parse(history.end) / 1000;
  const step = history.interval_seconds;
  const series = Object.fromEntries(
    seriesNames.map((name) => [name, history.series[name] ?? []]),
  ) as History['series'];
  const length = series.peers.length;
  const times = Array.from({ length }, (_, i) => end - (length - 1 - i) * step);
  return { times, series };
}

export function totalOf(errors: ErrorCounts): number {
  return errors.reduce((sum, one) => sum + one.count, 0);
}

/** The history with what an event has told; the oldest values go where it is longer than `most`. */
export function extended(
  history: History,
  now: Now,
  newErrors: number,
  time: number,
  most = 720,
): History {
  const last = history.times.at(-1);
  const seconds = last === undefined ? 5 : Math.max(time - last, 1);
  const values: Record<SeriesName, number> = {
    announces: now.announces_per_second,
    requests: now.requests_per_second,
    peers: now.peers,
    received: now.received_per_second,
    sent: now.sent_per_second,
    errors: Math.max(0, newErrors) / seconds,
  };
  const series = Object.fromEntries(
    seriesNames.map((name) => [name, [...history.series[name], values[name]].slice(-most)]),
  ) as History['series'];
  return { times: [...history.times, time].slice(-most), series };
}
