// The sweeps through time of all layers of a stack at once, for a cell of which nothing passes back beside its products.
//   forward    a_{l,t} = h_{l−1,t}·W_l + b_l + h_{l,t−1}·U_l, from which the cell makes h_{l,t}
//   backward   dh_{l,t} = da_{l+1,t}·W_{l+1}ᵀ + da_{l,t+1}·U_lᵀ, then the cell makes da_{l,t}; to the highest comes dOutput_t
// A workgroup owns a row of the batch and has 2·L − 1 lanes, a thread for each vec4f of a layer: even ones sweep a layer,
// odd ones compute what passes between two. Each is a step behind the one that it takes from, with a barrier between
// steps: T + 2·L − 2 of them in the place of L sweeps of T.
// cell.wgsl, the cell's own file, sweep.wgsl and step.wgsl stand in front; tensors are those of L layers.
// CPU twin: src/reference/wavefront.ts
//
// What layers have of a tensor lies gateLayer, stateLayer and carryLayer apart, in vec4f. `recurrentWeight` begins with
// U_0: it is weightLayer from U_l to U_{l+1}, toBias from U_l to b_l, and toInput from U_l to W_{l+1}.
//
// gates, layers         how many
// sweepSteps            steps of a layer's sweep; backward one more where dh_0 is wanted

var<storage, read> recurrentWeight: array<vec4f>; // U_0, b_0, W_1, U_1, b_1 …
#if forward
fn biasAt(at: u32) -> vec4f { return recurrentWeight[toBias + at]; }
#else
// What odd lanes pass down, of steps with even and with odd numbers.
var<workgroup> passed: array<array<array<vec4f, width>, layers>, 2>;
#endif

// An element of a layer; of its time order, which is a candidate's, no cell here has any use.
fn elementIn(layer: u32, i: u32, row: u32, column: u32) -> Element {
  let lowest = elementOf(i, row, column);
  return Element(
    layer * gateLayer + lowest.gate,
    layer * stateLayer + lowest.before,
    layer * stateLayer + lowest.after,
    layer * carryLayer + lowest.own,
    layer * stateLayer + lowest.sweep,
    lowest.time,
  );
}

// Where a row begins in `gate`, and in `hidden`, whose slab t is h_t.
fn gateRow(layer: u32, t: u32, row: u32) -> u32 { return layer * gateLayer + (t * batch + row) * gates * width; }
fn stateRow(layer: u32, slab: u32, row: u32) -> u32 { return layer * stateLayer + (slab * batch + row) * width; }

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
  let weight = select(layer * weightLayer, (layer - 1u) * weightLayer + toInput, between);
  let element = elementIn(layer, t, row, column);
  var sum: vec4f;
  for (var g = 0u; g < gates; g++) {
    let ofGate = g * width + column;
    sum = vec4f();
    for (var k = 0u; k < width; k++) { sum += block(weight + 4u * k * gates * width + ofGate) * hidden[x + k]; }
    if (between) {
      sum += recurrentWeight[layer * weightLayer + toBias + ofGate];
#if oneHot
    } else if (layer == 0u) {
      sum += fromInput(t, row, ofGate);
#endif
    } else {
      sum += gate[element.gate + g * width];
    }
    if (between || g + 1u < gates) { gate[element.gate + g * width] = sum; } // the last one goes to the cell by itself
  }
  if (between) { return; }
  stepForward(t, u32(lengths[row]), element, sum);
}
#else

// da of step s times Uᵀ, or of step s − 1 of the layer above times Wᵀ: dh after step s − 1. Then the cell's gradients of
// that step. s = 0: dh_0 alone.
fn backwardStep(s: u32, lane: u32, row: u32, column: u32) {
  let layer = lane / 2u;
  let between = lane % 2u == 1u;
  let da = select(gateRow(layer, s, row), gateRow(layer + 1u, s - 1u, row), between);
  let weight = layer * weightLayer + select(0u, toInput, between) + 4u * column * gates * width;
  var dh = vec4f();
  if (s != select(steps, 0u, between)) {
    for (var k = 0u; k < gates * width; k++) { dh += gate[da + k] * block(weight + k); }
  }
  if (between) {
    passed[s % 2u][layer][column] = dh;
    return;
  }
  let length = u32(lengths[row]);
  if (layer + 1u < layers) {
    dh += passed[s % 2u][layer][column];
  } else {
    dh += fromAbove(s, row, length, column);
  }
  stepBackward(s, length, elementIn(layer, s, row, column), elementIn(layer, s - 1u, row, column), dh);
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
