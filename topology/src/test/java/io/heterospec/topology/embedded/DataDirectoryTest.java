package io.heterospec.topology.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

  @TempDir Path temp;

  @Test
  void shouldCreateTheDirectory() {
    try (DataDirectory directory = DataDirectory.lock(temp.resolve("a/b"))) {
      assertThat(directory.brokerLogs()).isDirectory().isAbsolute();
      assertThat(directory.isFormatted()).isFalse();
    }
  }

  @Test
  void shouldRefuseASecondHolderUntilTheFirstIsGone() {
    DataDirectory first = DataDirectory.lock(temp);
    assertThatThrownBy(() -> DataDirectory.lock(temp))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining(temp.toString())
        .hasMessageContaining("in use by another process");
    first.close();
    DataDirectory.lock(temp).close();
  }

  @Test
  void shouldRefuseFilesThatAreNotABrokersAndLeaveThem() throws Exception {
    Path diary = Files.createDirectories(temp.resolve("kafka")).resolve("diary.txt");
    Files.writeString(diary, "dear diary");

    try (DataDirectory directory = DataDirectory.lock(temp)) {
      assertThatThrownBy(directory::isFormatted)
          .isInstanceOf(UnusableResourceException.class)
          .hasMessageContaining("not a broker's");
    }
    assertThat(diary).hasContent("dear diary");
  }

  @Test
  void shouldTakeAFormatThatWasCutOffAsNone() throws Exception {
    Files.createDirectories(temp.resolve("kafka/__cluster_metadata-0"));
    try (DataDirectory directory = DataDirectory.lock(temp)) {
      assertThat(directory.isFormatted()).isFalse();
      Files.createFile(temp.resolve("kafka/meta.properties"));
      assertThat(directory.isFormatted()).isTrue();
    }
  }

  @Test
  void shouldRefuseAFileInPlaceOfADirectory() throws Exception {
    Path file = Files.createFile(temp.resolve("file"));

    assertThatThrownBy(() -> DataDirectory.lock(file))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining("cannot be used");
  }
}
