package io.heterospec.topology;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the bundled pair lies. */
public final class DemoPair {
  private DemoPair() {}

  /** The top of the repository. */
  public static Path home() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(directory.resolve("model/demo"))) {
      directory = directory.getParent();
    }
    return directory;
  }

  public static Path target() {
    return home().resolve("model/demo/target");
  }

  public static Path draft() {
    return home().resolve("model/demo/draft");
  }
}
