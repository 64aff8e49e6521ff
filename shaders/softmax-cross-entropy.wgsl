// Softmax with cross-entropy, one thread a row: p = softmax(o), L = −ln p[y], dL/do = p − onehot(y), times lossScale.
// The maximum and the sum of exponentials are found in one pass over the row (Milakov and Gimelshein 2018,
// "Online normalizer calculation for softmax"), so no exponential overflows.
// `weighted`: a row counts as much as its weight says; the sum of those that count is in lossScale.
// `classWeighted`: with label smoothing ε and class weights w (as torch.nn.CrossEntropyLoss has them; 1 / Σ w[y] is in lossScale):
//   L = −(1 − ε)·w[y]·ln p[y] − ε/K·Σ w[k]·ln p[k],  dL/do = (1 − ε)·w[y]·(p − onehot(y)) + ε/K·(p·Σw − w)
// CPU twin: src/reference/softmax-cross-entropy.ts
//
// rows, batch           of the logits; row = t · batch + b
// outputs, width        K, and the stored width in vec4f
// threads, across       the workgroup, and the threads in x
// Only rows count whose target is not −1 and, everyStep, whose step is within the sequence: L and dL/do are 0 elsewhere.

var<storage, read> logits: array<vec4f>; // [rows, K]
var<storage, read> targets: array<i32>; // [rows]
var<storage, read> lengths: array<i32>; // [batch]
var<uniform> lossScale: f32; // 1 / how many rows count
var<storage, read_write> rowLoss: array<f32>; // [rows]
#if weighted
var<storage, read> weights: array<f32>; // [rows]
#endif
#if classWeighted
var<storage, read> classWeights: array<vec4f>; // [K]
var<uniform> labelSmoothing: f32; // ε
#endif
#if probabilities
var<storage, read_write> probabilities: array<vec4f>; // [rows, K]
#endif
#if gradient
var<storage, read_write> dLogits: array<vec4f>; // [rows, K]
#endif

// Clamps and max hide NaN, and comparing it with itself is optimised away: the bits tell. Infinity is as bad here.
fn isFinite(a: vec4f) -> bool { return all((bitcast<vec4u>(a) & vec4u(0x7f800000u)) != vec4u(0x7f800000u)); }

fn isOutput(column: u32) -> vec4<bool> {
  return vec4u(4u * column) + vec4u(0u, 1u, 2u, 3u) < vec4u(outputs);
}

@compute @workgroup_size(threads)
fn softmaxCrossEntropy(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x + across * id.y;
  if (row >= rows) { return; }
  let start = row * width;
  var largest = logits[start].x;
  var sum = 0.0;
  var nan = 0u; // all bits of a NaN once a logit is not finite
  for (var column = 0u; column < width; column++) {
    let o = select(vec4f(largest), logits[start + column], isOutput(column));
    if (!isFinite(o)) { nan = 0x7fc00000u; }
    let before = largest;
    largest = max(largest, max(max(o.x, o.y), max(o.z, o.w)));
    let terms = select(vec4f(), exp(max(o - largest, vec4f(-100.0))), isOutput(column));
    sum = sum * exp(max(before - largest, -100.0)) + terms.x + terms.y + terms.z + terms.w;
  }
  let poison = bitcast<f32>(nan); // 0, or NaN
  let label = targets[row];
#if everyStep
  var counts = label >= 0 && row / batch < u32(lengths[row % batch]);
#else
  var counts = label >= 0 && lengths[row % batch] > 0;
#endif
#if weighted
  let ofRow = lossScale * weights[row];
  counts = counts && weights[row] > 0.0;
#else
  let ofRow = lossScale;
#endif
  let y = u32(max(label, 0));
  let ofTarget = logits[start + y / 4u][y % 4u];
  let logSum = log(sum);
  let surprise = logSum + (largest - ofTarget);
#if classWeighted
  let weight = (1.0 - labelSmoothing) * classWeights[y / 4u][y % 4u];
  let share = labelSmoothing / f32(outputs);
  var weights = 0.0;
  var smoothed = 0.0;
  for (var column = 0u; column < width; column++) {
    let w = classWeights[column];
    weights += w.x + w.y + w.z + w.w;
    smoothed += dot(w, logSum + (largest - logits[start + column]));
  }
  let loss = weight * surprise + share * smoothed;
#else
  let loss = surprise;
#endif
  rowLoss[row] = select(0.0, loss * ofRow + poison, counts);
  let scale = select(0.0, ofRow, counts);
  for (var column = 0u; column < width; column++) {
    let p = select(vec4f(), exp(max(logits[start + column] - largest, vec4f(-100.0))) / sum + poison, isOutput(column));
#if probabilities
    probabilities[start + column] = p;
#endif
#if gradient
    let isTarget = vec4u(4u * column) + vec4u(0u, 1u, 2u, 3u) == vec4u(y);
    let difference = p - select(vec4f(), vec4f(1.0), isTarget);
#if classWeighted
    dLogits[start + column] = (weight * difference + share * (p * weights - classWeights[column])) * scale;
#else
    dLogits[start + column] = difference * scale;
#endif
#endif
  }
}
