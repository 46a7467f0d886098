package io.heterospec.processor.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A checkpoint of random weights for a given config.json, target or head: it says nothing, but it
 * has the size, the tensors and the files of the real one, so that everything that reads, plans or
 * runs such a model can be tried without it.
 */
public final class Fabrication {
  /** Odd, and none of the generator's own steps: its rows would be one another's, shifted. */
  private static final long ROW_STEP = 0xbf58476d1ce4e5b9L;

  private final Path config;
  private final List<TensorRows> tensors;

  private Fabrication(Path config, List<TensorRows> tensors) {
    this.config = config;
    this.tensors = tensors;
  }

  /**
   * Plans the tensors; nothing is written yet.
   *
   * @param directory of the config.json
   * @param type of the weights, a floating-point type
   * @throws CheckpointException when the configuration is of no model that can be run
   */
  public static Fabrication plan(Path directory, TensorType type, long seed) {
    Path file = directory.resolve("config.json");
    List<TensorRows> tensors = new ArrayList<>();
    if (!DraftConfig.isHead(ConfigJson.read(file))) {
      DecoderTensors.of(TargetConfig.read(directory))
          .forEach(spec -> tensors.add(random(spec, type, seed)));
      return new Fabrication(file, tensors);
    }
    DraftConfig head = DraftConfig.read(directory);
    DecoderTensors.of(head, head.hiddenSize() != head.targetHiddenSize())
        .forEach(spec -> tensors.add(random(spec, type, seed)));
    if (head.draftVocabularySize() < head.vocabularySize()) {
      tensors.add(offsets(head));
      tensors.add(mask(head));
    }
    return new Fabrication(file, tensors);
  }

  /** Number of tensors. */
  public int tensors() {
    return tensors.size();
  }

  /** Bytes of all tensors. */
  public long bytes() {
    return tensors.stream().mapToLong(TensorRows::bytes).sum();
  }

  /**
   * Writes config.json and the weights.
   *
   * @param directory made where it does not exist
   * @param shardBytes most bytes of a shard, where the format has shards
   * @param written called after each tensor
   * @throws IOException when they cannot be written, or a file exists
   */
  public void write(Path directory, WeightFormat format, long shardBytes, Runnable written)
      throws IOException {
    Files.createDirectories(directory);
    Files.copy(config, directory.resolve("config.json"));
    format.write(directory, tensors, shardBytes, written);
  }

  /** The tensors, for writers of other kinds. */
  List<TensorRows> rows() {
    return tensors;
  }

  // Uniform values whose products keep the size of their input; norms around 1.
  private static TensorRows random(TensorSpec spec, TensorType type, long seed) {
    FloatLayout layout = FloatLayout.of(type);
    boolean norm = spec.name().contains("norm");
    double scale = spec.isMatrix() ? Math.sqrt(3.0 / spec.shape()[1]) : 0.1;
    long seedOfTensor = seed * 31 + spec.name().hashCode();
    return new TensorRows(
        spec.name(),
        type,
        spec.shape(),
        (row, into) -> {
          SplittableRandom random = new SplittableRandom((seedOfTensor + row) * ROW_STEP);
          int count = into.remaining() / type.bytes();
          for (int i = 0; i < count; i++) {
            float value = (float) (random.nextInt() * 0x1p-31 * scale);
            layout.put(into, i, layout.bits(norm ? 1 + value : value));
          }
        });
  }

  // Draft ids spread evenly over the vocabulary.
  private static int targetOf(DraftConfig head, int draft) {
    return (int) ((long) draft * head.vocabularySize() / head.draftVocabularySize());
  }

  private static TensorRows offsets(DraftConfig head) {
    return new TensorRows(
        DraftVocabulary.OFFSETS,
        TensorType.I64,
        new long[] {head.draftVocabularySize()},
        (row, into) -> {
          for (int id = 0; id < head.draftVocabularySize(); id++) {
            into.putLong(targetOf(head, id) - id);
          }
        });
  }

  private static TensorRows mask(DraftConfig head) {
    return new TensorRows(
        DraftVocabulary.MASK,
        TensorType.BOOL,
        new long[] {head.vocabularySize()},
        (row, into) -> markAll(head, into));
  }

  private static void markAll(DraftConfig head, ByteBuffer into) {
    for (int id = 0; id < head.draftVocabularySize(); id++) {
      into.put(targetOf(head, id), (byte) 1);
    }
  }
}
