package io.heterospec.topology.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.topology.embedded.UnusableResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiKeysTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("keys");
  }

  @Test
  void aKeyIsKnownByItsHashOnly() throws IOException {
    String alice = ApiKeys.create(file, "alice");
    String bob = ApiKeys.create(file, "bob");
    assertThat(Files.readString(file)).doesNotContain(alice, bob, alice.substring(6));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    ApiKeys keys = ApiKeys.open(file);
    assertThat(keys.holder(alice)).contains("alice");
    assertThat(keys.holder(bob)).contains("bob");
    assertThat(keys.holder(alice + "x")).isEmpty();
    assertThat(keys.holder("")).isEmpty();
  }

  @Test
  void aLineThatIsRemovedOrAddedCountsAtOnce() throws IOException {
    String alice = ApiKeys.create(file, "alice");
    ApiKeys keys = ApiKeys.open(file);
    Files.writeString(file, "# nobody\n");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
    assertThat(keys.holder(alice)).isEmpty();
    String bob = ApiKeys.create(file, "bob");
    Files.setLastModifiedTime(file, FileTime.fromMillis(2_000));
    assertThat(keys.holder(bob)).contains("bob");
  }

  @Test
  void aKeyGetsALineOfItsOwnWhereTheFileEndsWithinOne() throws IOException {
    String alice = ApiKeys.create(file, "alice");
    Files.writeString(file, Files.readString(file).stripTrailing());
    String bob = ApiKeys.create(file, "bob");
    ApiKeys keys = ApiKeys.open(file);
    assertThat(keys.holder(alice)).contains("alice");
    assertThat(keys.holder(bob)).contains("bob");
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void aFileThatBreaksWhileInUseLeavesTheKeysAsTheyWere() throws IOException {
    String alice = ApiKeys.create(file, "alice");
    ApiKeys keys = ApiKeys.open(file);
    Files.writeString(file, "oops");
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
    assertThat(keys.holder(alice)).contains("alice");
  }

  @Test
  void namesMustBeLegalAndNew() throws IOException {
    ApiKeys.create(file, "alice");
    assertThatThrownBy(() -> ApiKeys.create(file, "alice"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("alice");
    assertThatThrownBy(() -> ApiKeys.create(file, "a b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a b");
  }

  @Test
  void aFileThatIsMissingOrBrokenIsNamedWithItsLine() throws IOException {
    assertThatThrownBy(() -> ApiKeys.open(file))
        .isInstanceOf(UnusableResourceException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("heterospec api-key");
    Files.writeString(file, "# keys\nalice 1234\n");
    assertThatThrownBy(() -> ApiKeys.open(file)).hasMessageContaining("line 2");
  }
}
