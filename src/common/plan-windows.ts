const TITLES: Readonly<Record<string, string>> = {
  five_hour: 'five-hour',
  seven_day: 'weekly',
  seven_day_opus: 'weekly Opus',
  seven_day_sonnet: 'weekly Sonnet',
};

/** What a window of the account's plan is called; one that is not known by its own name. */
export function toWindowTitle(window: string): string {
  return TITLES[window] ?? window.replaceAll('_', ' ');
}
