// How quickly the built pages load: measured with nothing beside it.

import { afterAll, expect, test } from "vitest";
import { bytesOfCode, folders, mostBytes, noServiceWorkers, open, useBuiltPages, withVisitor } from "./built-pages";

const mostMilliseconds = 1000;
/** Of tasks that hold an answer up for longer than 100 ms, from where on it does not seem immediate (Nielsen 1993). */
const noteLongTasks = `self.longTasksEnd = 0;
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) if (duration > 100) longTasksEnd = startTime + duration;
  }).observe({ type: "longtask" })`;

const figures: Record<string, Record<string, number>> = {};

useBuiltPages();
afterAll(() => console.table(figures));

test.each(folders)(
  "the built page /%s loads from here alone, small and quickly, without service workers too",
  async (folder) => {
    const times: number[] = [];
    let bytes = 0;
    // The best of as many as it takes: a busy machine adds to a time and never takes from it.
    do {
      await withVisitor(
        async (page) => {
          await open(page, folder);
          const time = "Math.max(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd, longTasksEnd)";
          times.push((await page.evaluate(time)) as number);
          bytes = bytesOfCode();
        },
        noServiceWorkers,
        noteLongTasks,
      );
    } while (Math.min(...times) >= mostMilliseconds && times.length < 10);
    figures[`/${folder}`] = { "KB compressed": bytes / 1000, "ms to interactive": Math.round(Math.min(...times)) };
    expect(bytes).toBeLessThan(mostBytes);
    expect(Math.min(...times)).toBeLessThan(mostMilliseconds);
  },
);
