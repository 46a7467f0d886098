package io.heterospec.processor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where test data lies: the bundled pair in the repository, and fixtures beside the checkout. */
public final class SharedFixtures {
  private SharedFixtures() {}

  /** A path of the repository. */
  public static Path repository(String path) {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(directory.resolve("model/demo"))) {
      directory = directory.getParent();
    }
    return directory.resolve(path);
  }

  public static Path demoTarget() {
    return repository("model/demo/target");
  }

  public static Path demoDraft() {
    return repository("model/demo/draft");
  }

  /** A fixture that is not part of the repository; the test is skipped where it is absent. */
  public static Path optional(String path) {
    Path fixture = repository("..").resolve("shared").resolve("fixtures").resolve(path).normalize();
    assumeTrue(Files.exists(fixture), "skipped: fixture " + path + " is not beside the checkout");
    return fixture;
  }
}
