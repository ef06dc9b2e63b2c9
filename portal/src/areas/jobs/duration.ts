/** Seconds of a job's duration, which is ISO 8601: `PT1H2M3.45S`. */
export function secondsOf(duration: string | undefined): number | undefined {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration ?? '');
  if (!match) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
}
