  # w: 0 embedding (V, F), 1 cos, 2 sin (context, 1, D), 3 fc (F, 3*target), 4 hidden norm, 5 input
  # norm, 6 fused q/k/v over 2F, 7 o, 8 norm, 9 fused gate/up, 10 down, 11 final norm, 12 output
  # (draft vocabulary, F), 13 target id of each draft id, then what LayerScript adds.
  # Normalised hidden states (T, F) and the embeddings of the pass's tokens -> (T, (H+2G)*D)
  def qkv(self: __torch__.${class}, seen: Tensor, ints: Tensor, layout: List[int]) -> Tensor:
    w = self.w
    ids = torch.select(self.rows(ints, layout), 0, 0)
    z = torch.cat([self.norm(torch.embedding(w[0], ids), w[5]), seen], -1)
    return self.linear(z, w[6])${qkv_bias}

  # hidden (T, F) -> residual stream before the final norm (T, F)
  def layer(self: __torch__.${class}, hidden: Tensor, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor]) -> Tensor:
    w = self.w
    positions = torch.select(self.rows(ints, layout), 0, 1)
    index = self.indices(ints, layout)
    live = annotate(List[List[Tensor]], [])
    layers = annotate(List[List[Tensor]], [])
    for g in range(len(pools)):
      layers = torch.append(layers, torch.unbind(pools[g], 0))
      live = torch.append(live, self.views(pools[g], layout, g))
    seen = self.norm(hidden, w[4])
    cos = torch.index_select(w[1], 0, positions)
    sin = torch.index_select(w[2], 0, positions)
    masks = self.masks(trees, layout, index)
    a = self.attention(self.qkv(seen, ints, layout), cos, sin, 0, layout, index, live, layers, masks)
    x = torch.add(${residual}, self.linear(a, w[7])${out_bias})
    return torch.add(x, self.mlp(self.norm(x, w[8]), w[9], w[10], 0))

  # (T, 2k) in fp32: the k best log-probabilities over the draft vocabulary, descending, then their
  # target ids
  def top(self: __torch__.${class}, x: Tensor, k: int) -> Tensor:
    w = self.w
    logits = torch.to(self.linear(self.norm(x, w[11]), w[12]), 6)
    v, i = torch.topk(torch.log_softmax(logits, -1), k, -1, True, True)
    ids = torch.view(torch.index_select(w[13], 0, torch.reshape(i, [-1])), [i.size(0), k])
    return torch.cat([v, torch.to(ids, 6)], -1)

  # features: parts (.., 3*target); the first extra ints say which of their rows are those of this
  # pass -> hidden (T, F)
  def context(self: __torch__.${class}, features: List[Tensor], ints: Tensor, layout: List[int]) -> Tensor:
    w = self.w
    seen = torch.index_select(torch.cat(features, 0), 0, torch.narrow(self.extra(ints, layout), 0, 0, layout[0]))
    return self.linear(seen, w[3])

  # Context rows from which nothing is proposed: of a single layer, later rows see the keys and values
  # alone, so attention and MLP are left out.
  def read(self: __torch__.${class}, features: List[Tensor], ints: Tensor, layout: List[int], pools: List[Tensor]) -> int:
    w = self.w
    layers = annotate(List[List[Tensor]], [])
    for g in range(len(pools)):
      layers = torch.append(layers, torch.unbind(pools[g], 0))
    positions = torch.select(self.rows(ints, layout), 0, 1)
    cos = torch.index_select(w[1], 0, positions)
    sin = torch.index_select(w[2], 0, positions)
    seen = self.norm(self.context(features, ints, layout), w[4])
    _0 = self.remember(self.qkv(seen, ints, layout), cos, sin, 0, layout, self.indices(ints, layout), layers)
    return layout[0]

  # Context rows and the proposals after the last of each sequence, which the extra ints name after
  # the features' rows -> top (S, 2k), hidden (S, F)
  def extend(self: __torch__.${class}, features: List[Tensor], ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor], k: int) -> Tuple[Tensor, Tensor]:
    x = self.layer(self.context(features, ints, layout), ints, trees, layout, pools)
    last = torch.index_select(x, 0, torch.narrow(self.extra(ints, layout), 0, layout[0], layout[3] - layout[0]))
    return (self.top(last, k), last)

  # One level of the trees; parents are rows of `hidden` -> top (T, 2k), hidden (T, F)
  def level(self: __torch__.${class}, hidden: Tensor, ints: Tensor, trees: Tensor, layout: List[int], pools: List[Tensor], k: int) -> Tuple[Tensor, Tensor]:
    parents = torch.select(self.rows(ints, layout), 0, 2)
    x = self.layer(torch.index_select(hidden, 0, parents), ints, trees, layout, pools)
    return (self.top(x, k), x)
