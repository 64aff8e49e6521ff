// What standalone modules are made of, in JavaScript: products, and the way through the steps of a layer.

/** Values are rows of numbers in single precision; x of a step is such a row, or the number of a token. */
const definitions = {
  sigmoid: `
const sigmoid = (a) => 1 / (1 + Math.exp(-a));`,
  relu: `
const relu = (a) => Math.max(a, 0);`,
  softplus: `
const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));`,
  select: `
const select = (a, b, where) => (Number.isNaN(where) ? where : where > 0 ? a : b);`,
  addProduct: `
/** Adds x·M to y, of M's columns from \`first\` on, as many as y has from \`at\` on. M has \`columns\`; a token takes its row. */
function addProduct(y, x, M, columns, first = 0, at = 0, count = y.length - at) {
  const addRow = (factor, row) => {
    for (let j = 0, k = row * columns + first; j < count; j++, k++) y[at + j] += factor * M[k];
  };
  if (typeof x === "number") addRow(1, x);
  else for (let i = 0; i < x.length; i++) addRow(x[i], i);
  return y;
}`,
  transposed: `
/** Of M [rows, columns]. */
function transposed(M, rows, columns) {
  const result = new Float32Array(M.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = M[i * columns + j];
  return result;
}`,
  rowOf: `
const rowOf = (length, values) => values?.slice() ?? new Float32Array(length);`,
  joined: `
const joined = (a, b) => Float32Array.from([...a, ...b]);`,
  swept: `
/** h of all steps and the states after the last one, of one direction. */
function swept({ columns, W, b, step, sizes, reverse }, xs, states = sizes.map((size) => new Float32Array(size))) {
  const hs = new Array(xs.length);
  for (let i = 0; i < xs.length; i++) {
    const t = reverse ? xs.length - 1 - i : i;
    states = step(addProduct(rowOf(columns, b), xs[t], W, columns), states);
    hs[t] = states[0];
  }
  return { hs, states };
}`,
  through: `
/** Likewise of a stack of layers, each of one direction or two; \`states\` has those of all directions. */
function through(layers, xs, states = []) {
  const after = [];
  for (const directions of layers) {
    const sweeps = directions.map((direction, i) => swept(direction, xs, states[after.length + i]));
    for (const sweep of sweeps) after.push(sweep.states);
    xs = sweeps.length === 1 ? sweeps[0].hs : xs.map((_, t) => joined(sweeps[0].hs[t], sweeps[1].hs[t]));
  }
  return { hs: xs, states: after };
}`,
  stepsOf: `
/** A sequence as its steps: tokens, or rows of features; of an embedding, its rows. */
function stepsOf(name, { tokens, width, embedding }, given) {
  const count = tokens === undefined ? given?.length / width : given?.length;
  if (!(count >= 1 && Number.isInteger(count))) {
    throw new RangeError(\`predict: \${name} has \${given?.length} values, expected \${tokens === undefined ? \`\${width} a step\` : "a token a step"}, of one step or more.\`);
  }
  const wrong = Array.prototype.findIndex.call(given, (value) => tokens === undefined ? !Number.isFinite(value) : !(Number.isInteger(value) && value >= 0 && value < tokens));
  if (wrong >= 0) {
    throw new RangeError(\`predict: \${name}[\${wrong}] is \${given[wrong]}, expected \${tokens === undefined ? "a finite number" : \`a token from 0 to \${tokens - 1}\`}.\`);
  }
  if (tokens === undefined) return Array.from({ length: count }, (_, t) => Float32Array.from(given.slice(t * width, (t + 1) * width)));
  return embedding ? Array.from(given, (token) => embedding.subarray(token * width, (token + 1) * width)) : Array.from(given);
}`,
  largest: `
const largest = (row) => row.reduce((most, value) => Math.max(most, value));`,
  softmax: `
function softmax(o) {
  const most = largest(o);
  const shares = o.map((value) => Math.exp(value - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}`,
  logSoftmax: `
function logSoftmax(o) {
  const most = largest(o);
  const sum = o.reduce((total, value) => total + Math.exp(value - most), 0);
  return o.map((value) => value - most - Math.log(sum));
}`,
  clustered: `
/** ln ŷ of all outputs, of the head's o: of those in a tail, that of their cluster and theirs within it. */
function clustered(o, h, frequent, tails) {
  const head = logSoftmax(o);
  const ofTails = tails.map(([P, width, V, count], i) => {
    const within = addProduct(new Float32Array(count), addProduct(new Float32Array(width), h, P, width), V, count);
    return logSoftmax(within).map((value) => value + head[frequent + i]);
  });
  return flat([head.subarray(0, frequent), ...ofTails]);
}`,
  flat: `
const flat = (rows) => Float32Array.from(rows.flatMap((row) => [...row]));`,
  likeliest: `
const likeliest = (row) => row.indexOf(largest(row));`,
};

/** The definitions that a module's code uses, in the code or in one another. */
export function runtimeOf(code: string): string {
  const used = new Set<string>();
  const use = (text: string) => {
    for (const [name, definition] of Object.entries(definitions)) {
      if (used.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue;
      used.add(name);
      use(definition);
    }
  };
  use(code);
  const texts = Object.entries(definitions).filter(([name]) => used.has(name));
  return texts.map(([, definition]) => definition.trim()).join("\n\n");
}
