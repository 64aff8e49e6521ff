// The examples that take longer than others, as whoever installs the package runs them.
import { learnedLong } from "./learned";
import { testExamples } from "./packed";

testExamples(learnedLong);
