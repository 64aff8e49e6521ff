// Dates as people write them, to be written as ISO 8601: an encoder–decoder.

import type { ReadTask, TaskDescription } from "./task";

export const dates: TaskDescription = {
  label: "Dates, written as ISO 8601",
  help:
    'dates as people write them, such as "tue, 3rd of march 1998": write each as ISO 8601, 1998-03-03. An encoder reads it, and a ' +
    "decoder begins with the encoder's final state; a thousand days are held out",
  about:
    "An encoder–decoder: one recurrent network reads a date letter by letter; another begins with its final state, reads " +
    "nothing but what it has written so far, and writes ten symbols (Sutskever et al. 2014). Right is a date of which all ten " +
    "are. A thousand days are held out, however they are written. 4/5/98 is month/day/year here, 4.5.98 day.month.year, and " +
    "two digits of a year stand for 1950 to 2049.",
  answer: "date",
  own: false,
  usual: { hidden: 64, batch: 32, steps: 10, learningRate: 0.01, cell: "lstm" },
  oneRate: true,
  updates: 2000,
};

export const readDates: ReadTask = async () => (await import("./dates-problem")).datesProblem;
