package io.heterospec.processor.checkpoint;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The mapping from a head's reduced vocabulary to the target's: tensors {@code d2t}, {@code t2d}.
 */
final class DraftVocabulary {
  static final String OFFSETS = "d2t";
  static final String MASK = "t2d";

  private DraftVocabulary() {}

  /**
   * Target id of every draft id. A head of the whole vocabulary may lack the map.
   *
   * @throws CheckpointException when an id falls outside the target's vocabulary or two draft ids
   *     share a target id, or when {@code t2d} disagrees
   */
  static int[] read(DraftConfig config, CheckpointTensors tensors) {
    int count = config.draftVocabularySize();
    boolean full = count == config.vocabularySize();
    int[] targets = new int[count];
    if (full && !tensors.contains(OFFSETS)) {
      Arrays.setAll(targets, id -> id);
      return targets;
    }
    TensorRequirements require = new TensorRequirements(tensors);
    require.typed(OFFSETS, new long[] {count}, TensorType.I64);
    TensorData offsets = tensors.read(OFFSETS);
    boolean[] taken = new boolean[config.vocabularySize()];
    for (int id = 0; id < count; id++) {
      long offset = offsets.bytes().getLong(id * Long.BYTES);
      // Compared before the sum, which could overflow.
      if (offset < -id || offset >= (long) config.vocabularySize() - id) {
        throw new CheckpointException(
            "%s: tensor d2t maps draft id %d outside the vocabulary of %d tokens (offset %d); use the head's own files"
                .formatted(offsets.file(), id, config.vocabularySize(), offset));
      }
      targets[id] = (int) (id + offset);
      if (taken[targets[id]]) {
        throw new CheckpointException(
            "%s: tensor d2t maps two draft ids to token %d; use the head's own files"
                .formatted(offsets.file(), targets[id]));
      }
      taken[targets[id]] = true;
    }
    // Readers need d2t alone; t2d serves those who train.
    if (!full && tensors.contains(MASK)) {
      requireSameMask(config, tensors, require, taken);
    }
    return targets;
  }

  private static void requireSameMask(
      DraftConfig config, CheckpointTensors tensors, TensorRequirements require, boolean[] taken) {
    require.typed(MASK, new long[] {config.vocabularySize()}, TensorType.BOOL, TensorType.U8);
    TensorData mask = tensors.read(MASK);
    ByteBuffer bytes = mask.bytes();
    for (int id = 0; id < taken.length; id++) {
      if ((bytes.get(id) != 0) != taken[id]) {
        throw new CheckpointException(
            "%s: tensors d2t and t2d disagree about token %d; use the head's own files"
                .formatted(mask.file(), id));
      }
    }
  }
}
