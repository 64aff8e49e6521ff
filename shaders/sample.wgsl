// Draws the next token from softmax(logits / T) among the likeliest, by the Gumbel-max trick: the largest of l / T − ln E,
// E exponentially distributed (Gumbel 1954; Maddison, Tarlow and Minka 2014). philox.wgsl stands in front.
// Through the prompt the next token is the prompt's. A workgroup a row, each as if it were alone. Logits that are not finite are
// noted: finite-check.wgsl stands in front too.
// CPU twin: src/reference/sample.ts
//
// rows, outputs, width, threads   B, K, in vec4 as it is stored, and the workgroup

struct Settings {
  temperature: f32, // T
  topK: u32, // 0: all; those as likely as the last one count too
  seed: u32,
  prompt: u32, // how many tokens are given
  room: u32, // how many there will be
}

var<storage, read> logits: array<f32>; // [B, K], of the token at `position`
var<uniform> settings: Settings;
var<storage, read_write> position: array<u32>; // [B]
var<storage, read_write> tokens: array<i32>; // [room, B]
var<storage, read_write> next: array<i32>; // [B]: what the network reads next

var<workgroup> counts: array<u32, threads>;
var<workgroup> keys: array<f32, threads>;
var<workgroup> choices: array<u32, threads>;

// Words in the order of the floats.
fn ordered(a: f32) -> u32 {
  let bits = bitcast<u32>(a);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// The k-th largest logit, bit by bit: the largest word that at least k logits reach.
fn leastOfTop(first: u32, thread: u32) -> u32 {
  var least = 0u;
  for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
    var count = 0u;
    for (var k = thread; k < outputs; k += threads) { count += u32(ordered(logits[first + k]) >= (least | bit)); }
    counts[thread] = count;
    workgroupBarrier();
    var all = 0u;
    for (var t = 0u; t < threads; t++) { all += counts[t]; }
    workgroupBarrier();
    least = select(least, least | bit, all >= settings.topK);
  }
  return least;
}

// −ln(1 − v), v uniform in 23 bits; near 0 a series, as `log` near 1 need only be within 2⁻²¹.
fn exponential(word: u32) -> f32 {
  let v = (f32(word >> 9u) + 0.5) * 0x1p-23;
  return select(-log(1.0 - v), v * (1.0 + v * (0.5 + v * 0.33333334)), v < 0.03);
}

@compute @workgroup_size(threads)
fn drawToken(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = workgroup.x;
  let first = 4u * width * row;
  var least = 0u;
  if (settings.topK > 0u) { least = leastOfTop(first, thread); }
  let at = position[row];
  var best = -0x1.fffffep+127;
  var choice = 0u;
  for (var group = thread; 4u * group < outputs; group += threads) {
    let words = philox(vec4u(group, at, 0u, 0u), vec2u(settings.seed, 2u));
    for (var lane = 0u; lane < 4u; lane++) {
      let k = 4u * group + lane;
      if (k < outputs) { noteNotFinite(magnitudes(vec4f(logits[first + k])), 1u); }
      if (k < outputs && ordered(logits[first + k]) >= least) {
        let key = logits[first + k] / settings.temperature - log(exponential(words[lane]));
        if (key > best) {
          best = key;
          choice = k;
        }
      }
    }
  }
  keys[thread] = best;
  choices[thread] = choice;
  workgroupBarrier();
  if (thread == 0u && at + 1u < settings.room) {
    for (var t = 1u; t < threads; t++) {
      if (keys[t] > best || (keys[t] == best && choices[t] < choice)) {
        best = keys[t];
        choice = choices[t];
      }
    }
    let place = (at + 1u) * rows + row;
    if (at + 1u >= settings.prompt) { tokens[place] = i32(choice); }
    next[row] = tokens[place];
    position[row] = at + 1u;
  }
}
