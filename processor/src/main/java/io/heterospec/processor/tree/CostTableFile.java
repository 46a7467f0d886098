package io.heterospec.processor.tree;

import java.io.IOException;
import java.nio.file.Path;

/** A measured {@link CostTable} as a JSON file beside the draft head. */
public final class CostTableFile {
  /** Which files of a head's directory are such tables, as a glob. */
  public static final String PATTERN = "cost-table-*.json";

  private CostTableFile() {}

  /** Name of the file of a device and arithmetic type, such as {@code cost-table-cpu-bf16.json}. */
  public static String name(String device, String dtype) {
    return "cost-table-" + device.replaceAll("[^A-Za-z0-9]", "") + "-" + dtype + ".json";
  }

  /**
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException when its content cannot be used
   */
  public static CostTable read(Path file) throws IOException {
    return CalibrationJson.read(file, CostTable.class);
  }

  /** Writes a file in one step. */
  public static void write(Path file, CostTable table) throws IOException {
    CalibrationJson.write(file, table);
  }
}
