// A series of numbers, to forecast its next steps with an interval; the user's, or one that is made.

import type { ReadTask, TaskDescription } from "./task";

export const forecast: TaskDescription = {
  label: "A series of numbers, to forecast it",
  help:
    "a series, which --data names, or one that is made: forecast the next --future steps of --column from the last --length " +
    "steps, with an interval of 80%; the last fifth is held out",
  about:
    "The next steps of a series, each with an interval that 80% of what comes is to lie in. What is held out is the last " +
    "fifth, which lies in the future of all that it learns from.",
  answer: "forecast",
  own: true,
  made: true,
  usual: { hidden: 32, batch: 32, steps: 48, learningRate: 0.005 },
  updates: 800,
};

/** The reader of series loads with the task, as papaparse does with a file. */
export const readSeries: ReadTask = async (own, settings, show) => {
  const { forecastProblem } = await import("./forecast-problem");
  return forecastProblem(own, settings, show);
};
