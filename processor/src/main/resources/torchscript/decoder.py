  # Shared by target and draft head. Shapes: T rows of this pass, H query heads, G key-value heads,
  # D dimensions of a head, N rows of context and pass together.

  def linear(self: __torch__.${class}, x: Tensor, w: Tensor) -> Tensor:
    return ${linear}

  def norm(self: __torch__.${class}, x: Tensor, w: Tensor) -> Tensor:
    return torch.rms_norm(x, [x.size(-1)], w, ${eps})

  # The pass of several sequences: their rows one below the other. qkv (T, (H+2G)*D); cos, sin (T, D)
  # or (1, D), with the sign of rotate-half folded into sin. Sequence s has counts[s] rows; live[s]
  # (2, 1, G, N, D) and window[s] (2, 1, G, counts[s], D) are views of a layer of its cache, where the
  # fresh keys and values are written in place; masks[s] is None for a single row -> (T, H*D)
  def attention(self: __torch__.${class}, qkv: Tensor, cos: Tensor, sin: Tensor, counts: List[int], live: List[Tensor], window: List[Tensor], masks: List[Optional[Tensor]]) -> Tensor:
    T = qkv.size(0)
    x = torch.transpose(torch.view(qkv, [T, ${qkv_heads}, ${head_dim}]), 0, 1)
    rotated = torch.narrow(x, 0, 0, ${qk_heads})
    half = torch.roll(rotated, [${half_dim}], [-1])
    _0 = torch.addcmul_(torch.mul_(rotated, cos), half, sin)
    fresh = torch.view(torch.narrow(x, 0, ${heads}, ${kv_pair}), [2, 1, ${kv_heads}, T, ${head_dim}])
    queries = torch.narrow(x, 0, 0, ${heads})
    outputs = annotate(List[Tensor], [])
    start = 0
    for s in range(len(counts)):
      t = counts[s]
      _1 = torch.copy_(window[s], torch.narrow(fresh, 3, start, t))
      k, v = torch.unbind(live[s], 0)
      # The query heads of a group stand one below the other as rows of their key-value head: keys
      # and values need not be repeated for each.
      q = torch.reshape(torch.narrow(queries, 1, start, t), [1, ${kv_heads}, ${group} * t, ${head_dim}])
      o = torch.scaled_dot_product_attention(q, k, v, masks[s], 0., False)
      outputs = torch.append(outputs, torch.reshape(torch.transpose(torch.view(o, [${heads}, t, ${head_dim}]), 0, 1), [t, ${query_width}]))
      start = start + t
    attended = outputs[0]
    if len(counts) > 1:
      attended = torch.cat(outputs, 0)
    return attended

  def mlp(self: __torch__.${class}, x: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    gate, up = torch.chunk(self.linear(x, gate_up), 2, -1)
    return self.linear(torch.mul(torch.silu(gate), up), down)

  # Additive mask (T * heads of a group, past+T) in the model's type: all context is visible, the pass
  # as `tree` says.
  # A single row sees everything, so it needs none.
  def widen(self: __torch__.${class}, tree: Tensor, past: int) -> Optional[Tensor]:
    mask = annotate(Optional[Tensor], None)
    if tree.size(0) > 1:
      prefix = torch.zeros([tree.size(0), past], dtype=${dtype}, layout=None, device=tree.device, pin_memory=None)
      mask = annotate(Optional[Tensor], torch.repeat(torch.cat([prefix, torch.to(tree, ${dtype})], 1), [${group}, 1]))
    return mask

  # The masks of several sequences: square ones over their own rows, one after the other in `trees`,
  # each widened by its context. A single row sees everything and needs none.
  def widen_all(self: __torch__.${class}, trees: Tensor, counts: List[int], pasts: List[int]) -> List[Optional[Tensor]]:
    masks = annotate(List[Optional[Tensor]], [])
    start = 0
    for s in range(len(counts)):
      t = counts[s]
      mask = annotate(Optional[Tensor], None)
      if t > 1:
        mask = self.widen(torch.view(torch.narrow(trees, 0, start, t * t), [t, t]), pasts[s])
      start = start + t * t
      masks = torch.append(masks, mask)
    return masks

  # The same where every row sees those before it.
  def causal_all(self: __torch__.${class}, like: Tensor, counts: List[int], pasts: List[int]) -> List[Optional[Tensor]]:
    masks = annotate(List[Optional[Tensor]], [])
    for s in range(len(counts)):
      mask = annotate(Optional[Tensor], None)
      if counts[s] > 1:
        mask = self.widen(self.causal(like, counts[s]), pasts[s])
      masks = torch.append(masks, mask)
    return masks

  def causal(self: __torch__.${class}, like: Tensor, rows: int) -> Tensor:
    return torch.triu(torch.full([rows, rows], -inf, dtype=6, layout=None, device=like.device, pin_memory=None), 1)

  # A cache (layers, 2, 1, G, capacity, D) of zeros; `like` tells the device.
  def allocate(self: __torch__.${class}, like: Tensor, layers: int, capacity: int) -> Tensor:
    return torch.zeros([layers, 2, 1, ${kv_heads}, capacity, ${head_dim}], dtype=${dtype}, layout=None, device=like.device, pin_memory=None)

  # Moves cache rows `from` (absolute, ascending) of all layers to `to`, `to`+1, ...
  def compact(self: __torch__.${class}, cache: Tensor, rows: Tensor, to: int) -> int:
    moved = torch.index_select(cache, 4, rows)
    _0 = torch.copy_(torch.narrow(cache, 4, to, rows.size(0)), moved)
    return 0

  # Rows of x, as consecutive parts of the given sizes
  def pick(self: __torch__.${class}, x: Tensor, rows: Tensor, counts: List[int]) -> List[Tensor]:
    return torch.split_with_sizes(torch.index_select(x, 0, rows), counts)

  def set_weights(self: __torch__.${class}, w: List[Tensor]) -> int:
    self.w = w
    return len(w)
