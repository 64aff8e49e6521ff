// What reads the data of each task, loaded with it; apart from the tasks' descriptions, which pages have without the library.

import { readSums } from "./adding";
import { readFile } from "./classify";
import { readNamesByList } from "./classify-names";
import { readDates } from "./dates";
import { readSeries } from "./forecast";
import { readNames } from "./generate-names";
import { readMobyDick } from "./moby-dick";
import { readSigns } from "./parity";
import type { ReadTask } from "./task";
import type { TaskName } from "./tasks";
import { readText } from "./text";

export const readers: Readonly<Record<TaskName, ReadTask>> = {
  "moby-dick": readMobyDick,
  "generate-names": readNames,
  text: readText,
  "classify-names": readNamesByList,
  classify: readFile,
  adding: readSums,
  parity: readSigns,
  forecast: readSeries,
  dates: readDates,
};
