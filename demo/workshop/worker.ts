// The worker that trains: the page beside it stays free for its visitor.

import { expose } from "comlink";
import { Workshop } from "./workshop";

expose(new Workshop());
