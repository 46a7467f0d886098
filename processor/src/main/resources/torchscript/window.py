  # Of each group the mask with all columns hidden, too, that stand `window` positions or more before
  # the row. Context rows stand where their column says, scratch rows at their own positions.
  def nearby(self: __torch__.${class}, masks: List[Optional[Tensor]], ints: Tensor, layout: List[int], index: List[Tensor]) -> List[Optional[Tensor]]:
    positions = torch.select(self.rows(ints, layout), 0, 1)
    near = annotate(List[Optional[Tensor]], [])
    for g in range(layout[2]):
      B = layout[6 + g * 7]
      R = layout[8 + g * 7]
      N = layout[9 + g * 7]
      context = torch.view(index[3 + g * 4], [B, 1])
      columns = torch.view(torch.arange(0, N, 1, dtype=4, layout=None, device=ints.device, pin_memory=None), [1, N])
      if layout[10 + g * 7] == 0:
        at = context + torch.view(torch.arange(0, R, 1, dtype=4, layout=None, device=ints.device, pin_memory=None), [1, R])
      else:
        own = positions
        if layout[1] > 0:
          own = torch.index_select(positions, 0, index[4 + g * 4])
        at = torch.view(own, [B, R])
      scratch = torch.clamp(columns - context, 0, R - 1)
      keys = torch.where(torch.lt(columns, context), torch.expand(columns, [B, N]), torch.gather(at, 1, scratch))
      far = torch.le(torch.view(keys, [B, 1, N]), torch.view(at, [B, R, 1]) - ${window})
      hidden = torch.masked_fill(torch.zeros([B, R, N], dtype=${dtype}, layout=None, device=ints.device, pin_memory=None), far, -inf)
      hidden = torch.unsqueeze(torch.repeat(hidden, [1, ${group}, 1]), 1)
      mask = masks[g]
      if mask is not None:
        hidden = hidden + ops.prim.unchecked_unwrap_optional(mask)
      near = torch.append(near, annotate(Optional[Tensor], hidden))
    return near
