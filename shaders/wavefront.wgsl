// The sweeps through time of all layers of a stack at once, for a cell of which nothing passes back beside its products.
//   forward    a_{l,t} = h_{l−1,t}·W_l + b_l + h_{l,t−1}·U_l, from which the cell makes h_{l,t}
//   backward   dh_{l,t} = da_{l+1,t}·W_{l+1}ᵀ + da_{l,t+1}·U_lᵀ, then the cell makes da_{l,t}; to the highest comes dOutput_t
// A workgroup owns a row of the batch and has 2·L − 1 lanes, a thread for each vec4f of a layer: even ones sweep a layer,
// odd ones compute what passes between two. Each is a step behind the one that it takes from, with a barrier between
// steps: T + 2·L − 2 of them in the place of L sweeps of T.
// cell.wgsl and the cell's own file stand in front.
// CPU twin: src/reference/wavefront.ts
//
// What layers have of a tensor lies gateLayer, stateLayer and carryLayer apart, in vec4f. `recurrentWeight` begins with
// U_0: it is weightLayer from U_l to U_{l+1}, biasAt from U_l to b_l, and inputAt from U_l to W_{l+1}.
// `oneHot`: the lowest layer takes rows of W_0 itself, as tokens say. Else its `gate` holds x·W + b.
//
// steps, batch, width   T, B and H, H in vec4f
// gates, layers         how many
// sweepSteps            steps of a layer's sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<vec4f>; // U_0, b_0, W_1, U_1, b_1 …
var<storage, read> lengths: array<i32>; // [B]
var<storage, read_write> gate: array<vec4f>; // L times [T, B, G·H]
#if forward
var<storage, read_write> hidden: array<vec4f>; // L times [T + 1, B, H]
#if oneHot
var<storage, read> tokens: array<i32>; // [T, B]
var<storage, read> inputWeight: array<vec4f>; // [I, G·H]
#endif
#else
var<storage, read> hidden: array<vec4f>; // L times [T + 1, B, H]
var<storage, read> dOutput: array<vec4f>; // [T, B, H], lastStep: [B, H], for the last step
var<storage, read_write> carry: array<vec4f>; // L times [1 or 2, B, H]
#if hiddenGradient
var<storage, read_write> dHidden: array<vec4f>; // L times [T + 1, B, H]: dL/dh by all paths
#endif

// What odd lanes pass down, of steps with even and with odd numbers.
var<workgroup> passed: array<array<array<vec4f, width>, layers>, 2>;
#endif

// Where a row begins in `gate`, and in `hidden`, whose slab t is h_t.
fn gateRow(layer: u32, t: u32, row: u32) -> u32 { return layer * gateLayer + (t * batch + row) * gates * width; }
fn stateRow(layer: u32, slab: u32, row: u32) -> u32 { return layer * stateLayer + (slab * batch + row) * width; }

fn elementOf(layer: u32, t: u32, row: u32, column: u32) -> Element {
  let before = stateRow(layer, t, row) + column;
  let own = layer * carryLayer + row * width + column;
  let time = (t * batch + row) * width + column; // of a candidate, which no cell here has
  return Element(gateRow(layer, t, row) + column, before, before + batch * width, own, before, time);
}

// Four vec4f of a matrix [·, G·H], one below the other.
fn block(at: u32) -> mat4x4f {
  let next = gates * width;
  return mat4x4f(
    recurrentWeight[at],
    recurrentWeight[at + next],
    recurrentWeight[at + 2u * next],
    recurrentWeight[at + 3u * next],
  );
}

#if forward
// h, or x from the layer below, times U or W, then the cell. Both kinds of lanes go through the same loops, since a
// subgroup with lanes of both would go through different ones one after the other.
fn forwardStep(t: u32, lane: u32, row: u32, column: u32) {
  let layer = (lane + 1u) / 2u;
  let between = lane % 2u == 1u;
  let x = select(stateRow(layer, t, row), stateRow(layer - 1u, t + 1u, row), between);
  let weight = select(layer * weightLayer, (layer - 1u) * weightLayer + inputAt, between);
  let element = elementOf(layer, t, row, column);
  var sum: vec4f;
  for (var g = 0u; g < gates; g++) {
    let ofGate = g * width + column;
    sum = vec4f();
    for (var k = 0u; k < width; k++) { sum += block(weight + 4u * k * gates * width + ofGate) * hidden[x + k]; }
    if (between) {
      sum += recurrentWeight[layer * weightLayer + biasAt + ofGate];
#if oneHot
    } else if (layer == 0u) {
      sum += inputWeight[u32(tokens[t * batch + row]) * gates * width + ofGate] + recurrentWeight[biasAt + ofGate];
#endif
    } else {
      sum += gate[element.gate + g * width];
    }
    if (between || g + 1u < gates) { gate[element.gate + g * width] = sum; } // the last one goes to the cell by itself
  }
  if (between) { return; }
  if (t < u32(lengths[row])) {
    hidden[element.after] = cellForward(element, sum);
  } else {
    hidden[element.after] = hidden[element.before];
    cellHold(element);
  }
}
#else

// da of step s times Uᵀ, or of step s − 1 of the layer above times Wᵀ: dh after step s − 1. Then the cell's gradients of
// that step. s = 0: dh_0 alone.
fn backwardStep(s: u32, lane: u32, row: u32, column: u32) {
  let layer = lane / 2u;
  let between = lane % 2u == 1u;
  let da = select(gateRow(layer, s, row), gateRow(layer + 1u, s - 1u, row), between);
  let weight = layer * weightLayer + select(0u, inputAt, between) + 4u * column * gates * width;
  let length = u32(lengths[row]);
  let own = layer * carryLayer + row * width + column;
  var dh = vec4f();
  if (s != select(steps, 0u, between)) {
    for (var k = 0u; k < gates * width; k++) { dh += gate[da + k] * block(weight + k); }
  }
  if (between) {
    passed[s % 2u][layer][column] = dh;
    return;
  }
  if (s < steps && s >= length) { dh += carry[own]; } // only a step past a sequence's end left anything there
  if (layer + 1u < layers) {
    dh += passed[s % 2u][layer][column];
#if lastStep
  } else if (s == steps) {
    dh += dOutput[row * width + column];
#else
  } else if (s > 0u && s <= length) {
    dh += dOutput[((s - 1u) * batch + row) * width + column];
#endif
  }
#if hiddenGradient
  dHidden[stateRow(layer, s, row) + column] = dh;
#endif
  if (s == 0u) { return; }
  let element = elementOf(layer, s - 1u, row, column);
  if (s <= length) {
    cellBackward(element, dh, s == steps);
  } else {
    carry[own] = dh;
    for (var g = 0u; g < gates; g++) { gate[element.gate + g * width] = vec4f(); }
    cellHoldBackward(element, s == steps);
  }
}
#endif

const lanes = 2u * layers - 1u;

@compute @workgroup_size(width, lanes)
fn sweep(@builtin(workgroup_id) row: vec3u, @builtin(local_invocation_id) thread: vec3u) {
  let lane = thread.y;
#if forward
  let late = lane;
#else
  let late = lanes - 1u - lane;
#endif
  for (var n = 0u; n < sweepSteps + lanes - 1u; n++) {
    if (n >= late && n - late < sweepSteps) {
#if forward
      forwardStep(n - late, lane, row.x, thread.x);
#else
      backwardStep(steps - (n - late), lane, row.x, thread.x);
#endif
    }
    storageBarrier();
    workgroupBarrier();
  }
}
