package io.heterospec.processor.engine;

import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.ModelSize;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.engine.DevicePlacement.Load;
import io.heterospec.processor.engine.DevicePlacement.Room;
import io.heterospec.processor.model.TargetModel;
import io.heterospec.processor.torch.DeviceGroup;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.FreeMemory;
import io.heterospec.processor.tree.TreeShape;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What a model pair needs on its devices, reckoned before anything is loaded: a process that takes
 * more than there is would be killed without a word.
 *
 * @param weights bytes of the weights of both, and of their rotary tables
 * @param workspace bytes for a pass, or for the layer that is there twice while it is packed; on
 *     each device
 * @param caches most bytes that the caches get; as much again is left free, since a cache's memory
 *     that grows is copied
 * @param cacheTokens tokens that those hold
 * @param placement which device holds which layers
 */
public record MemoryPlan(
    long weights, long workspace, long caches, long cacheTokens, DevicePlacement placement) {
  /** Left to the program itself, and to what else runs on the machine. */
  private static final long RESERVE = 512L << 20;

  /** While a cache's memory grows or is compacted it is there twice. */
  private static final int COPIES = 2;

  /** Caches for sequences of fewer tokens would be of no use. */
  private static final int LEAST_TOKENS = 512;

  /**
   * The plan for what the options name, on devices that are asked how much memory they have left.
   *
   * @throws io.heterospec.processor.checkpoint.CheckpointException when a directory cannot be used
   * @throws IllegalArgumentException when the pair does not fit, or a device is not there
   */
  public static MemoryPlan of(EngineOptions options) {
    try (DeviceGroup devices = DeviceGroup.open(options.device(), options.threads())) {
      return of(options, rooms(devices));
    }
  }

  /** The plan for what the options name, on devices with so much memory left. */
  public static MemoryPlan of(EngineOptions options, List<Room> rooms) {
    try (TargetCheckpoint target = TargetCheckpoint.open(options.model());
        DraftCheckpoint draft =
            options.draft() == null
                ? null
                : DraftCheckpoint.open(options.draft(), target.config())) {
      return of(
          options, target, draft, options.dtype() == null ? Dtype.BF16 : options.dtype(), rooms);
    }
  }

  /**
   * The devices and what they have left; where the system does not tell, as much as anyone could
   * want.
   */
  static List<Room> rooms(DeviceGroup devices) {
    return devices.all().stream()
        .map(each -> new Room(each.name(), FreeMemory.of(each).orElse(Room.UNKNOWN)))
        .toList();
  }

  /** The plan for an open pair on one device or several. */
  static MemoryPlan of(
      EngineOptions options,
      TargetCheckpoint target,
      DraftCheckpoint draft,
      Dtype dtype,
      List<Room> rooms) {
    if (rooms.size() > 1) {
      return shared(options, ModelSize.of(target, draft), dtype, rooms);
    }
    long free = rooms.get(0).free();
    return of(
        options,
        target,
        draft,
        dtype,
        free == Room.UNKNOWN ? OptionalLong.empty() : OptionalLong.of(free));
  }

  /**
   * The plan for a pair on one device.
   *
   * @param draft the head, or null
   * @param available bytes the device has left, or empty where that is unknown
   * @throws IllegalArgumentException when the pair does not fit; the message says what would
   */
  static MemoryPlan of(
      EngineOptions options,
      TargetCheckpoint target,
      DraftCheckpoint draft,
      Dtype dtype,
      OptionalLong available) {
    ModelSize size = ModelSize.of(target, draft);
    long weights = size.values() * dtype.bytes();
    long workspace = workspace(options, Policies.shape(options), size, dtype);
    long perToken = size.cacheValuesPerToken() * dtype.bytes();
    long caches = options.cacheBytes();
    if (available.isPresent()) {
      if (available.getAsLong() < need(options, size, dtype, draft != null)) {
        throw refusal(options, size, dtype, available.getAsLong());
      }
      long left = available.getAsLong() - RESERVE - weights - workspace;
      caches = Math.min(caches, left / COPIES);
    }
    DevicePlacement all = DevicePlacement.single(options.device(), size.parts().layers());
    return new MemoryPlan(weights, workspace, caches, caches / Math.max(1, perToken), all);
  }

  private static long need(EngineOptions options, ModelSize size, Dtype dtype, boolean withHead) {
    long values = size.values() - (withHead ? 0 : size.headValues());
    TreeShape shape = withHead ? Policies.shape(options) : TreeShape.NONE;
    long leastCaches = Math.max(1, LEAST_TOKENS * size.cacheValuesPerToken() * dtype.bytes());
    return RESERVE
        + values * dtype.bytes()
        + workspace(options, shape, size, dtype)
        + COPIES * Math.min(options.cacheBytes(), leastCaches);
  }

  // Every row of a tree has its logits, and a second copy of them that is in fp32 or of some rows.
  // A policy may verify more of one sequence than the base tree has, but not of all: rows cost.
  private static long workspace(
      EngineOptions options, TreeShape shape, ModelSize size, Dtype dtype) {
    long treeRows = (long) options.maxLive() * (1 + shape.nodes());
    long sampledRows = Math.min(treeRows, TargetModel.SAMPLED_ROWS);
    long logits = treeRows * 2 * Float.BYTES + sampledRows * TargetModel.SAMPLING_BYTES;
    return Math.max(
        size.largestValues() * dtype.bytes(),
        (options.prefillChunk() + treeRows) * size.rowValues() * dtype.bytes()
            + logits * size.vocabulary());
  }

  // Layers are placed with the least caches; those of the fullest device then limit all.
  private static MemoryPlan shared(
      EngineOptions options, ModelSize size, Dtype dtype, List<Room> rooms) {
    ModelSize.Parts parts = size.parts();
    long workspace = workspace(options, Policies.shape(options), size, dtype);
    long layer = parts.layer() * dtype.bytes();
    long layerToken = parts.layerCachePerToken() * dtype.bytes();
    long headToken = parts.headCachePerToken() * dtype.bytes();
    long first = parts.first() * dtype.bytes();
    long last = parts.last() * dtype.bytes();
    long each = parts.each() * dtype.bytes() + workspace + RESERVE;
    Load load =
        new Load(
            parts.layers(),
            layer + COPIES * LEAST_TOKENS * layerToken,
            first,
            last + COPIES * LEAST_TOKENS * headToken,
            each);
    DevicePlacement placement = DevicePlacement.of(rooms, load);
    long tokens = Long.MAX_VALUE;
    for (int i = 0; i < rooms.size(); i++) {
      boolean ends = i == rooms.size() - 1;
      long held = each + (i == 0 ? first : 0) + (ends ? last : 0) + placement.layers()[i] * layer;
      long token = placement.layers()[i] * layerToken + (ends ? headToken : 0);
      tokens = Math.min(tokens, (rooms.get(i).free() - held) / (COPIES * token));
    }
    long perToken = parts.layers() * layerToken + headToken;
    tokens = Math.min(tokens, options.cacheBytes() / perToken);
    return new MemoryPlan(
        first + last + parts.layers() * layer + rooms.size() * parts.each() * dtype.bytes(),
        workspace,
        tokens * perToken,
        tokens,
        placement);
  }

  private static IllegalArgumentException refusal(
      EngineOptions options, ModelSize size, Dtype dtype, long available) {
    boolean withHead = options.draft() != null;
    long need = need(options, size, dtype, withHead);
    long half = need(options, size, Dtype.BF16, withHead);
    String remedy = "use a smaller model, or a device with more memory";
    if (half < need && half <= available) {
      remedy = "--dtype bf16 would fit, with about " + gigabytes(half);
    } else if (withHead && need(options, size, dtype, false) <= available) {
      remedy = "without --draft it would fit";
    }
    return new IllegalArgumentException(
        "%s needs about %s on %s (%s of weights in %s, the rest workspace and caches of %d tokens), and %s are free; %s"
            .formatted(
                options.model(),
                gigabytes(need),
                options.device(),
                gigabytes(size.values() * dtype.bytes()),
                dtype.label(),
                LEAST_TOKENS,
                gigabytes(available),
                remedy));
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1 << 30));
  }
}
