import { useEffect, useState } from "react";

const hourMs = 3_600_000;
/** The hour that runs, and the 24 before it: fewer would leave out the first minutes of the last 24 hours. */
const hoursShown = 25;
const lookMs = 15_000;

/** Full hours, for the service counts refusals by the hour, which together hold the last 24 hours. */
export interface LastDay {
  readonly from: Date;
  /** The end of the hour that runs. */
  readonly until: Date;
  readonly hours: number;
}

export function lastDayOf(nowMs: number): LastDay {
  const until = (Math.floor(nowMs / hourMs) + 1) * hourMs;
  return { from: new Date(until - hoursShown * hourMs), until: new Date(until), hours: hoursShown };
}

/** The last day, which moves on while the page is open. A new value only when an hour has begun. */
export function useLastDay(): LastDay {
  const [day, setDay] = useState(() => lastDayOf(Date.now()));
  useEffect(() => {
    // Not one timer for the whole hour: a machine that sleeps stops it.
    const timer = setInterval(() => {
      setDay((shown) => {
        const present = lastDayOf(Date.now());
        return present.until.getTime() === shown.until.getTime() ? shown : present;
      });
    }, lookMs);
    return () => clearInterval(timer);
  }, []);
  return day;
}
