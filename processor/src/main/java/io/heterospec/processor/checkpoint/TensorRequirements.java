package io.heterospec.processor.checkpoint;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Presence, type and shape of the tensors a model needs. */
final class TensorRequirements {
  private final CheckpointTensors tensors;
  private final Set<String> required = new HashSet<>();

  TensorRequirements(CheckpointTensors tensors) {
    this.tensors = tensors;
  }

  /** Requires floating-point tensors of exactly these shapes. */
  void weights(List<TensorSpec> specs) {
    for (TensorSpec spec : specs) {
      weight(spec.name(), spec.shape());
      required.add(spec.name());
    }
  }

  /**
   * Refuses tensors that nothing here would read: the model would compute something else.
   *
   * @param harmless those that may be there
   * @param prefixes of the names it looks at
   */
  void noOthers(Predicate<String> harmless, String... prefixes) {
    for (String name : tensors.names()) {
      if (Arrays.stream(prefixes).anyMatch(name::startsWith)
          && !required.contains(name)
          && !harmless.test(name)) {
        throw new CheckpointException(
            "%s: tensor %s is none of this architecture as config.json describes it; this program would compute something else than the model"
                .formatted(tensors.fileOf(name), name));
      }
    }
  }

  private void weight(String name, long... shape) {
    TensorEntry entry = tensors.entry(name);
    if (!entry.type().isFloating()) {
      throw wrong(name, entry, "F32, F16 or BF16");
    }
    shape(name, entry, shape);
  }

  /** Requires a tensor of one of these types and exactly this shape. */
  void typed(String name, long[] shape, TensorType... types) {
    TensorEntry entry = tensors.entry(name);
    if (!Arrays.asList(types).contains(entry.type())) {
      throw wrong(name, entry, "type " + Arrays.toString(types));
    }
    shape(name, entry, shape);
  }

  private void shape(String name, TensorEntry entry, long[] shape) {
    if (!Arrays.equals(entry.shape(), shape)) {
      throw wrong(name, entry, "shape " + Arrays.toString(shape) + " as config.json says");
    }
  }

  private CheckpointException wrong(String name, TensorEntry entry, String expected) {
    return new CheckpointException(
        "%s: tensor %s is %s, expected %s; config.json and weights do not belong together"
            .formatted(tensors.fileOf(name), name, entry.describe(), expected));
  }
}
