  # w: 0 embedding (V, F), 1 cos, 2 sin (context, D), 3 fc (F, 3*target), 4 hidden norm, 5 input
  # norm, 6 fused q/k/v over 2F, 7 o, 8 norm, 9 fused gate/up, 10 down, 11 final norm, 12 output
  # (draft vocabulary, F), 13 target id of each draft id.
  # Rows of several sequences, counts[s] of each after pasts[s] rows of its cache: ids (T), hidden
  # (T, F), positions (T) -> residual stream before the final norm (T, F)
  def layer(self: __torch__.${class}, ids: Tensor, hidden: Tensor, positions: Tensor, counts: List[int], pasts: List[int], masks: List[Optional[Tensor]], caches: List[Tensor]) -> Tensor:
    w = self.w
    z = torch.cat([self.norm(torch.embedding(w[0], ids), w[5]), self.norm(hidden, w[4])], -1)
    cos = torch.index_select(w[1], 0, positions)
    sin = torch.index_select(w[2], 0, positions)
    live = annotate(List[Tensor], [])
    window = annotate(List[Tensor], [])
    for s in range(len(counts)):
      live = torch.append(live, torch.select(torch.narrow(caches[s], 4, 0, pasts[s] + counts[s]), 0, 0))
      window = torch.append(window, torch.select(torch.narrow(caches[s], 4, pasts[s], counts[s]), 0, 0))
    x = torch.add(hidden, self.linear(self.attention(self.linear(z, w[6]), cos, sin, counts, live, window, masks), w[7]))
    return torch.add(x, self.mlp(self.norm(x, w[8]), w[9], w[10]))

  # Log-probabilities over the draft vocabulary (T, draft vocabulary) in fp32
  def log_probs(self: __torch__.${class}, x: Tensor) -> Tensor:
    w = self.w
    return torch.log_softmax(torch.to(self.linear(self.norm(x, w[11]), w[12]), 6), -1)

  # (T, 2k): the k best log-probabilities, descending, then their target ids
  def top(self: __torch__.${class}, x: Tensor, k: int) -> Tensor:
    w = self.w
    v, i = torch.topk(self.log_probs(x), k, -1, True, True)
    return torch.cat([v, torch.to(torch.view(torch.index_select(w[13], 0, torch.reshape(i, [-1])), [i.size(0), k]), 6)], -1)

  # Context rows. rows (2, T): ids of the tokens after those of the features, and positions; features:
  # parts (.., 3*target) that make T rows.
  def context(self: __torch__.${class}, rows: Tensor, features: List[Tensor], counts: List[int], pasts: List[int], caches: List[Tensor]) -> Tensor:
    w = self.w
    ids, positions = torch.unbind(rows, 0)
    masks = self.causal_all(ids, counts, pasts)
    return self.layer(ids, self.linear(torch.cat(features, 0), w[3]), positions, counts, pasts, masks, caches)

  # Context rows and the proposals after the last of each sequence -> top (S, 2k), hidden (S, F)
  def extend(self: __torch__.${class}, rows: Tensor, features: List[Tensor], counts: List[int], pasts: List[int], caches: List[Tensor], lasts: Tensor, k: int) -> Tuple[Tensor, Tensor]:
    x = self.context(rows, features, counts, pasts, caches)
    last = torch.index_select(x, 0, lasts)
    return (self.top(last, k), last)

  # One level of the trees of several sequences. rows (3, T): token ids, which row of `hidden` is each
  # node's parent, positions; trees: the additive masks (counts[s], slots[s]) one after the other,
  # slots[s] being the tree rows so far, after contexts[s] rows of context -> top (T, 2k), hidden (T, F)
  def level(self: __torch__.${class}, rows: Tensor, hidden: Tensor, trees: Tensor, counts: List[int], slots: List[int], contexts: List[int], caches: List[Tensor], k: int) -> Tuple[Tensor, Tensor]:
    ids, parents, positions = torch.unbind(rows, 0)
    masks = annotate(List[Optional[Tensor]], [])
    pasts = annotate(List[int], [])
    start = 0
    for s in range(len(counts)):
      cells = counts[s] * slots[s]
      tree = torch.view(torch.narrow(trees, 0, start, cells), [counts[s], slots[s]])
      prefix = torch.zeros([counts[s], contexts[s]], dtype=${dtype}, layout=None, device=ids.device, pin_memory=None)
      masks = torch.append(masks, annotate(Optional[Tensor], torch.repeat(torch.cat([prefix, torch.to(tree, ${dtype})], 1), [${group}, 1])))
      pasts = torch.append(pasts, contexts[s] + slots[s] - counts[s])
      start = start + cells
    x = self.layer(ids, torch.index_select(hidden, 0, parents), positions, counts, pasts, masks, caches)
    return (self.top(x, k), x)
