  # Shared by target and draft head. Shapes: T rows of this pass, H query heads, G key-value heads,
  # D dimensions of a head. The sequences of a pass stand in groups, one for each pool of caches:
  # B slots of the pool, R rows for each (short sequences are padded), N rows of cache in view, M
  # columns of scratch rows under a mask.
  #
  # ints (int64) and layout (List[int]) describe a pass; RowBatch writes them:
  #   layout: T, padding (0 none, 1 padded, 2 a group's rows are not all rows in order, padded too),
  #           groups, extra ints, then of each group: its rows, first slot, B, rows of a slot, R, N,
  #           M (0: causal)
  #   ints:   ids (T), positions (T), parents (T), extra, [padded: place of each row among the
  #           outputs (T)], then of each group: [2: its rows], pool rows of each of its rows (times
  #           G), rows of context of each slot (B), [padded: row of each place (B*R)]
  #   trees:  of each group (B, R, 1+M+1): 0, the additive mask over the scratch rows, -inf

  # Biases, norms over heads and windows come in through text that LayerScript chooses (…_bias,
  # rotated, near, seen); where a checkpoint has none of them, nothing is computed.
  def linear(self: __torch__.${class}, x: Tensor, w: Tensor) -> Tensor:
    return ${linear}

  # x (T, F), w (2F): the weight twice
  def norm(self: __torch__.${class}, x: Tensor, w: Tensor) -> Tensor:
    F = x.size(1)
    if x.size(0) > ${few_rows}:
      y = torch.rms_norm(x, [F], torch.narrow(w, 0, 0, F), ${eps})
    else:
      # The mean of x and -x is 0 and their variance the mean square of x, so their layer norm is the
      # RMS norm of x, in one fused kernel instead of six.
      y = torch.narrow(torch.layer_norm(torch.cat([x, torch.neg(x)], -1), [2 * F], w, None, ${eps}, False), 1, 0, F)
    return y

  # (3, T): ids, positions, parents
  def rows(self: __torch__.${class}, ints: Tensor, layout: List[int]) -> Tensor:
    return torch.view(torch.narrow(ints, 0, 0, 3 * layout[0]), [3, layout[0]])

  def extra(self: __torch__.${class}, ints: Tensor, layout: List[int]) -> Tensor:
    return torch.narrow(ints, 0, 3 * layout[0], layout[3])

  # The index tensors of a pass: place of each row among the outputs, then four for each group: its
  # rows, their cache rows, rows of context (B), row of each place. Unused ones are empty.
  def indices(self: __torch__.${class}, ints: Tensor, layout: List[int]) -> List[Tensor]:
    T = layout[0]
    at = 3 * T + layout[3]
    empty = torch.narrow(ints, 0, 0, 0)
    index = annotate(List[Tensor], [])
    if layout[1] > 0:
      index = torch.append(index, torch.narrow(ints, 0, at, T))
      at = at + T
    else:
      index = torch.append(index, empty)
    for g in range(layout[2]):
      n = layout[4 + g * 7]
      slots = layout[6 + g * 7]
      places = slots * layout[8 + g * 7]
      if layout[1] == 2:
        index = torch.append(index, torch.narrow(ints, 0, at, n))
        at = at + n
      else:
        index = torch.append(index, empty)
      index = torch.append(index, torch.narrow(ints, 0, at, n * ${kv_heads}))
      at = at + n * ${kv_heads}
      index = torch.append(index, torch.narrow(ints, 0, at, slots))
      at = at + slots
      if layout[1] > 0:
        index = torch.append(index, torch.narrow(ints, 0, at, places))
        at = at + places
      else:
        index = torch.append(index, empty)
    return index

  # Of each group the additive mask (B, 1, H/G * R, N) in the model's type; None where every row sees
  # all of N.
  def masks(self: __torch__.${class}, trees: Tensor, layout: List[int], index: List[Tensor]) -> List[Optional[Tensor]]:
    masks = annotate(List[Optional[Tensor]], [])
    start = 0
    for g in range(layout[2]):
      B = layout[6 + g * 7]
      R = layout[8 + g * 7]
      N = layout[9 + g * 7]
      M = layout[10 + g * 7]
      cells = B * R * (M + 2)
      mask = annotate(Optional[Tensor], None)
      if B * R > 1 or M > 1:
        columns = torch.arange(0, N, 1, dtype=4, layout=None, device=trees.device, pin_memory=None)
        scratch = torch.sub(torch.view(columns, [1, 1, N]), torch.view(index[3 + g * 4], [B, 1, 1]))
        if M == 0:
          order = torch.view(torch.arange(0, R, 1, dtype=4, layout=None, device=trees.device, pin_memory=None), [1, R, 1])
          zeros = torch.zeros([B, R, N], dtype=${dtype}, layout=None, device=trees.device, pin_memory=None)
          seen = torch.masked_fill(zeros, torch.gt(scratch, order), -inf)
        else:
          tree = torch.view(torch.narrow(trees, 0, start, cells), [B, R, M + 2])
          column = torch.expand(torch.clamp(torch.add(scratch, 1), 0, M + 1), [B, R, N])
          seen = torch.to(torch.gather(tree, 2, column), ${dtype})
        mask = annotate(Optional[Tensor], torch.unsqueeze(torch.repeat(seen, [1, ${group}, 1]), 1))
      if M > 0:
        start = start + cells
      masks = torch.append(masks, mask)
    return masks

  # Views (B, G, N, D) of a pool (layers, 2, slots*G*rows, D): keys and values of each layer in turn.
  def views(self: __torch__.${class}, pool: Tensor, layout: List[int], g: int) -> List[Tensor]:
    slots = layout[6 + g * 7]
    rows = layout[7 + g * 7]
    part = torch.narrow(pool, 2, layout[5 + g * 7] * ${kv_heads} * rows, slots * ${kv_heads} * rows)
    live = torch.view(part, [2 * pool.size(0), slots, ${kv_heads}, rows, ${head_dim}])
    return torch.unbind(torch.narrow(live, 3, 0, layout[9 + g * 7]), 0)

  # qkv (T, (H+2G)*D); cos, sin (T, 1, D) with the sign of rotate-half folded into sin; pools: of each
  # group the pool's layers (2, rows, D), where the fresh keys and values are written -> rotated
  # queries (T, H, D)
  def remember(self: __torch__.${class}, qkv: Tensor, cos: Tensor, sin: Tensor, layer: int, layout: List[int], index: List[Tensor], pools: List[List[Tensor]]) -> Tensor:
    T = layout[0]
    x = torch.view(qkv, [T, ${qkv_heads}, ${head_dim}])
    rotated = ${rotated}
    half = torch.roll(rotated, [${half_dim}], [-1])
    _0 = torch.addcmul_(torch.mul_(rotated, cos), half, sin)
    fresh = torch.transpose(torch.view(torch.narrow(x, 1, ${heads}, ${kv_pair}), [T, 2, ${kv_heads}, ${head_dim}]), 0, 1)
    for g in range(layout[2]):
      own = fresh
      if layout[1] == 2:
        own = torch.index_select(fresh, 1, index[1 + g * 4])
      _1 = torch.index_copy_(pools[g][layer], 1, index[2 + g * 4], torch.reshape(own, [2, -1, ${head_dim}]))
    return torch.narrow(x, 1, 0, ${heads})

  # The same, then attention over the cache; live: of each group the views of all layers -> (T, H*D)
  def attention(self: __torch__.${class}, qkv: Tensor, cos: Tensor, sin: Tensor, layer: int, layout: List[int], index: List[Tensor], live: List[List[Tensor]], pools: List[List[Tensor]], masks: List[Optional[Tensor]]) -> Tensor:
    queries = self.remember(qkv, cos, sin, layer, layout, index, pools)
    outputs = annotate(List[Tensor], [])
    for g in range(layout[2]):
      B = layout[6 + g * 7]
      R = layout[8 + g * 7]
      q = queries
      if layout[1] > 0:
        q = torch.index_select(queries, 0, index[4 + g * 4])
      # The query heads of a group stand one below the other as rows of their key-value head: keys
      # and values need not be repeated for each.
      q = torch.reshape(torch.transpose(torch.view(q, [B, R, ${heads}, ${head_dim}]), 1, 2), [B, ${kv_heads}, ${group} * R, ${head_dim}])
      o = torch.scaled_dot_product_attention(q, live[g][2 * layer], live[g][2 * layer + 1], masks[g], 0., False)
      o = torch.permute(torch.view(o, [B, ${kv_heads}, ${group}, R, ${head_dim}]), [0, 3, 1, 2, 4])
      outputs = torch.append(outputs, torch.reshape(o, [B * R, ${query_width}]))
    attended = outputs[0]
    if layout[2] > 1:
      attended = torch.cat(outputs, 0)
    if layout[1] > 0:
      attended = torch.index_select(attended, 0, index[0])
    return attended

  def mlp(self: __torch__.${class}, x: Tensor, gate_up: Tensor, down: Tensor, layer: int) -> Tensor:
    gate, up = torch.chunk(self.linear(x, gate_up)${gate_up_bias}, 2, -1)
    return self.linear(torch.mul(torch.silu(gate), up), down)${down_bias}

  # A pool (layers, 2, rows, D) of zeros; `like` tells the device.
  def allocate(self: __torch__.${class}, like: Tensor, layers: int, rows: int) -> Tensor:
    return torch.zeros([layers, 2, rows, ${head_dim}], dtype=${dtype}, layout=None, device=like.device, pin_memory=None)

  # A larger pool that begins with the rows of another.
  def enlarge(self: __torch__.${class}, pool: Tensor, rows: int) -> Tensor:
    larger = self.allocate(pool, pool.size(0), rows)
    _0 = torch.copy_(torch.narrow(larger, 2, 0, pool.size(2)), pool)
    return larger

  # A pool of some slots of another, each of so many rows.
  def compact(self: __torch__.${class}, pool: Tensor, slots: Tensor, rows: int) -> Tensor:
    whole = torch.view(pool, [pool.size(0), 2, -1, rows, ${head_dim}])
    return torch.view(torch.index_select(whole, 2, slots), [pool.size(0), 2, -1, ${head_dim}])

  # Zeroes rows of all layers.
  def clear(self: __torch__.${class}, pool: Tensor, first: int, rows: int) -> int:
    _0 = torch.zero_(torch.narrow(pool, 2, first, rows))
    return 0

  # View (layers, 2, G, count, D) of some rows of a slot, whose pool has so many rows a slot.
  def slot_rows(self: __torch__.${class}, pool: Tensor, slot: int, capacity: int, first: int, count: int) -> Tensor:
    whole = torch.view(pool, [pool.size(0), 2, -1, ${kv_heads}, capacity, ${head_dim}])
    return torch.narrow(torch.select(whole, 2, slot), 3, first, count)

  # A copy of the first rows of a slot (layers, 2, G, rows, D).
  def snapshot(self: __torch__.${class}, pool: Tensor, slot: int, capacity: int, rows: int) -> Tensor:
    return torch.clone(self.slot_rows(pool, slot, capacity, 0, rows), memory_format=0)

  # Writes the first rows of a snapshot to a slot, from row `first` on.
  def restore(self: __torch__.${class}, snapshot: Tensor, pool: Tensor, slot: int, capacity: int, first: int, rows: int) -> int:
    _0 = torch.copy_(self.slot_rows(pool, slot, capacity, first, rows), torch.narrow(snapshot, 3, 0, rows))
    return 0

  # Rows of a snapshot as bytes.
  def row_bytes(self: __torch__.${class}, snapshot: Tensor, first: int, count: int) -> Tensor:
    return torch.view_copy(torch.reshape(torch.narrow(snapshot, 3, first, count), [-1]), dtype=0)

  # The same as restore, from the bytes of `of` rows.
  def write_bytes(self: __torch__.${class}, bytes: Tensor, of: int, pool: Tensor, slot: int, capacity: int, first: int, rows: int) -> int:
    values = torch.view(torch.view_copy(bytes, dtype=${dtype}), [pool.size(0), 2, ${kv_heads}, of, ${head_dim}])
    return self.restore(values, pool, slot, capacity, first, rows)

  # Moves rows of all layers; moves (2, rows): from where, to where.
  def move(self: __torch__.${class}, pool: Tensor, moves: Tensor) -> int:
    source, target = torch.unbind(moves, 0)
    _0 = torch.index_copy_(pool, 2, target, torch.index_select(pool, 2, source))
    return 0

  def set_weights(self: __torch__.${class}, w: List[Tensor]) -> int:
    self.w = w
    return len(w)
