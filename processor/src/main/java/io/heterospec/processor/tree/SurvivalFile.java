package io.heterospec.processor.tree;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Survival counts as a JSON file beside the draft head.
 *
 * @param createdFor fingerprint of the model pair
 * @param counts what calibration saw
 */
public record SurvivalFile(String createdFor, SurvivalCounts counts) {
  /** Name of the file in the head's directory. */
  public static final String NAME = "survival.json";

  public SurvivalFile {
    Objects.requireNonNull(createdFor, "createdFor");
    Objects.requireNonNull(counts, "counts");
  }

  /**
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException when its content cannot be used
   */
  public static SurvivalFile read(Path file) throws IOException {
    return CalibrationJson.read(file, SurvivalFile.class);
  }

  /** Writes a file in one step. */
  public void write(Path file) throws IOException {
    CalibrationJson.write(file, this);
  }
}
