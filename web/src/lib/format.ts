// Numbers as people read them, in the page's language.
import { language } from '../i18n/language.svelte';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function rounded(value: number, digits: number, useGrouping = true): string {
  return new Intl.NumberFormat(language.current, {
    maximumFractionDigits: digits,
    useGrouping,
  }).format(value);
}

export function formatNumber(value: number): string {
  return rounded(value, 0);
}

/** With a digit after the point where that says something. */
export function formatDecimal(value: number): string {
  return rounded(value, value < 10 ? 1 : 0);
}

/** Bytes, in powers of 1024. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${rounded(value, unit === 0 || value >= 100 ? 0 : 1, false)} ${units[unit]}`;
}

/** Bytes a second; nothing for none. */
export function formatRate(rate: number): string {
  return rate > 0 ? `${formatBytes(rate)}/s` : '';
}

/** 0 to 1. Never "100 %" before it is whole. */
export function formatShare(share: number): string {
  const percent = share < 1 ? Math.min(Math.floor(share * 1000) / 10, 99.9) : 100;
  return `${rounded(percent, 1)} %`;
}

/** Seconds, by their two largest units. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(s / 86400), 'day'],
    [Math.floor(s / 3600) % 24, 'hour'],
    [Math.floor(s / 60) % 60, 'minute'],
    [s % 60, 'second'],
  ];
  const begin = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(begin < 0 ? 3 : begin, begin < 0 ? 4 : begin + 2)
    .filter(([value], i) => i === 0 || value > 0)
    .map(([value, unit]) =>
      new Intl.NumberFormat(language.current, { style: 'unit', unit, unitDisplay: 'short' }).format(
        value,
      ),
    )
    .join(' ');
}

/** A moment, in the browser's time zone. */
export function formatTime(text: string): string {
  return new Intl.DateTimeFormat(language.current, {
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(new Date(text));
}

/** How long ago, in rough words. */
export function formatAgo(text: string, now = Date.now()): string {
  const seconds = (new Date(text).getTime() - now) / 1000;
  const words = new Intl.RelativeTimeFormat(language.current, { numeric: 'auto' });
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, 'second'],
    [3600, 'minute'],
    [86400, 'hour'],
    [86400 * 30, 'day'],
    [86400 * 365, 'month'],
    [Infinity, 'year'],
  ];
  let size = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return words.format(Math.round(seconds / size), unit);
    size = limit;
  }
  return words.format(0, 'second');
}

/** "10M", "512 KiB", "1,5g" or a plain number of bytes; null for anything else. Empty is 0. */
export function parseSize(text: string): number | null {
  const clean = text.trim().replace(',', '.');
  if (clean === '') return 0;
  const found = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?(?:\/s)?$/i.exec(clean);
  if (!found) return null;
  const power = ['', 'k', 'm', 'g', 't'].indexOf(found[2]!.toLowerCase());
  const bytes = Math.round(Number(found[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
