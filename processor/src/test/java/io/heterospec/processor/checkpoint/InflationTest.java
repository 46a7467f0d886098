package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.EntropyBinsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files of an inflated pair; what it computes is tested beside the models. */
class InflationTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  private Path inflate(int width, Integer layers) throws IOException {
    Path out = directory.resolve("out");
    Inflation.plan(SharedFixtures.demoTarget(), SharedFixtures.demoDraft(), width, layers)
        .write(out, () -> {});
    return out;
  }

  /** A copy of the demo head whose file was edited. */
  private Path editedDraft(String file, Consumer<ObjectNode> change) throws IOException {
    Path draft = Files.createDirectories(directory.resolve("edited"));
    for (String name : new String[] {"config.json", "model.safetensors", EntropyBinsFile.NAME}) {
      Files.copy(SharedFixtures.demoDraft().resolve(name), draft.resolve(name));
    }
    ObjectNode json = (ObjectNode) JSON.readTree(draft.resolve(file).toFile());
    change.accept(json);
    Files.write(draft.resolve(file), JSON.writeValueAsBytes(json));
    return draft;
  }

  @Test
  void theConfigurationGrowsAndKeepsWhatItDoesNotKnow() throws IOException {
    JsonNode before = JSON.readTree(SharedFixtures.demoTarget().resolve("config.json").toFile());
    ObjectNode expected = before.deepCopy();
    expected
        .put("hidden_size", 768)
        .put("intermediate_size", 2112)
        .put("num_attention_heads", 12)
        .put("num_key_value_heads", 6)
        .put("num_hidden_layers", 9)
        .put("rms_norm_eps", 1e-5 / 3);
    Path out = inflate(3, 9);
    assertThat(JSON.readTree(out.resolve("target/config.json").toFile())).isEqualTo(expected);
    DraftConfig head = DraftConfig.read(out.resolve("draft"));
    assertThat(head.hiddenSize()).isEqualTo(768);
    assertThat(head.targetHiddenSize()).isEqualTo(768);
    assertThat(head.headDim()).isEqualTo(64);
    assertThat(head.draftVocabularySize()).isEqualTo(3072);
  }

  @Test
  void tokenizerAndVocabularyMapAreCopiedBitForBit() throws IOException {
    Path out = inflate(2, 8);
    for (String file :
        new String[] {"tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
      assertThat(out.resolve("target").resolve(file))
          .hasSameBinaryContentAs(SharedFixtures.demoTarget().resolve(file));
    }
    try (CheckpointTensors before = CheckpointTensors.open(SharedFixtures.demoDraft());
        CheckpointTensors after = CheckpointTensors.open(out.resolve("draft"))) {
      for (String name : new String[] {"d2t", "t2d"}) {
        assertThat(after.read(name).bytes()).isEqualTo(before.read(name).bytes());
        assertThat(after.read(name).type()).isEqualTo(before.read(name).type());
      }
    }
  }

  @Test
  void aPairOfTheSameSizeIsACopy() throws IOException {
    Path out = inflate(1, null);
    try (CheckpointTensors before = CheckpointTensors.open(SharedFixtures.demoTarget());
        CheckpointTensors after = CheckpointTensors.open(out.resolve("target"))) {
      assertThat(after.names()).containsExactlyInAnyOrderElementsOf(before.names());
      for (String name : before.names()) {
        assertThat(after.read(name).bytes()).as(name).isEqualTo(before.read(name).bytes());
      }
    }
  }

  @ParameterizedTest(name = "{0} times as wide: {1}")
  @CsvSource({"1, BF16", "2, F32", "3, F32", "4, BF16", "16, BF16"})
  void normsKeepTheirTypeWhereItHoldsThem(int width, TensorType type) throws IOException {
    try (CheckpointTensors before = CheckpointTensors.open(SharedFixtures.demoTarget())) {
      TensorData old = before.read("model.norm.weight");
      TensorRows norm = new Widening(width).norm(before, "model.norm.weight");
      assertThat(norm.type()).isEqualTo(type);
      ByteBuffer row = ByteBuffer.allocate(norm.rowBytes()).order(old.bytes().order());
      norm.rows().fill(0, row);
      for (int i = 0; i < 256 * width; i++) {
        double weight = i < 256 ? FloatLayout.BF16.value(FloatLayout.BF16.get(old.bytes(), i)) : 0;
        assertThat((float) FloatLayout.of(type).value(FloatLayout.of(type).get(row, i)))
            .isEqualTo((float) (weight / Math.sqrt(width)));
      }
    }
  }

  @Test
  void anIdentityLayerAddsNothingAndHasNoExtremeNumbers() throws IOException {
    Path out = inflate(1, 9);
    // Of 8 layers among 9 the identity layer stands before the highest tap.
    String layer = "model.layers.5.";
    try (CheckpointTensors tensors = CheckpointTensors.open(out.resolve("target"))) {
      for (String zero : new String[] {"self_attn.o_proj.weight", "mlp.down_proj.weight"}) {
        ByteBuffer bytes = tensors.read(layer + zero).bytes();
        assertThat(bytes.mismatch(ByteBuffer.allocate(bytes.remaining()))).isEqualTo(-1);
      }
      TensorData noise = tensors.read(layer + "self_attn.q_proj.weight");
      double sum = 0;
      for (int i = 0; i < 256 * 256; i++) {
        double value = FloatLayout.BF16.value(FloatLayout.BF16.get(noise.bytes(), i));
        assertThat(Math.abs(value)).isBetween(1e-3, 1.0 / 8 / 16);
        sum += value;
      }
      assertThat(Math.abs(sum / (256 * 256))).isLessThan(1e-4);
    }
  }

  @Test
  void entropyBinsBelongToTheNewPair() throws IOException {
    Path out = inflate(2, 10);
    EntropyBins before =
        EntropyBinsFile.read(SharedFixtures.demoDraft().resolve(EntropyBinsFile.NAME));
    EntropyBins after = EntropyBinsFile.read(out.resolve("draft").resolve(EntropyBinsFile.NAME));
    assertThat(after.createdFor())
        .isEqualTo(Fingerprint.of(out.resolve("target"), out.resolve("draft")))
        .isNotEqualTo(before.createdFor());
    assertThat(after.thresholds()).isEqualTo(before.thresholds());
    assertThat(after.stats()).isEqualTo(before.stats());
  }

  @Test
  void entropyBinsOfAnotherPairAreNotTakenOver() throws IOException {
    Path draft = editedDraft(EntropyBinsFile.NAME, bins -> bins.put("createdFor", "another"));
    Inflation inflation = Inflation.plan(SharedFixtures.demoTarget(), draft, 1, null);
    assertThat(inflation.keepsBins()).isFalse();
    Path out = directory.resolve("out");
    inflation.write(out, () -> {});
    assertThat(out.resolve("draft")).isDirectoryNotContaining("glob:**" + EntropyBinsFile.NAME);
  }

  @ParameterizedTest(name = "width {0}, layers {1}")
  @CsvSource({
    "0, 8, width must be between 1 and 64",
    "65, 8, width must be between 1 and 64",
    "2, 7, 'layers must be between 8, which the target has, and 512, got 7'",
    "2, 513, layers must be between 8"
  })
  void sizesThatMakeNoSenseAreRefused(int width, int layers, String message) {
    assertThatThrownBy(() -> inflate(width, layers))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aHeadOfAnotherTargetIsRefused() throws IOException {
    Path draft = editedDraft("config.json", config -> config.put("vocab_size", 5000));
    assertThatThrownBy(() -> Inflation.plan(SharedFixtures.demoTarget(), draft, 2, null))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("vocabulary 5000");
  }

  @Test
  void aDirectoryWithContentIsRefusedAndLeftAlone() throws IOException {
    Path out = Files.createDirectories(directory.resolve("out"));
    Path precious = Files.writeString(out.resolve("precious"), "x");
    assertThatThrownBy(() -> inflate(1, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("out is not empty");
    assertThat(out).isDirectoryContaining(precious::equals);
    Path file = precious.resolve("below");
    Inflation inflation =
        Inflation.plan(SharedFixtures.demoTarget(), SharedFixtures.demoDraft(), 1, null);
    assertThatThrownBy(() -> inflation.write(precious, () -> {}))
        .hasMessageContaining("is not a directory");
    assertThatThrownBy(() -> inflation.write(file, () -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be created");
  }

  @ParameterizedTest(name = "the directory is there: {0}")
  @CsvSource({"true", "false"})
  void afterAFailureNothingIsLeft(boolean exists) throws IOException {
    Path out = directory.resolve("out");
    if (exists) {
      Files.createDirectories(out);
    }
    Inflation inflation =
        Inflation.plan(SharedFixtures.demoTarget(), SharedFixtures.demoDraft(), 1, null);
    AtomicInteger written = new AtomicInteger();
    Runnable full =
        () -> {
          if (written.incrementAndGet() == inflation.tensors()) {
            throw new UncheckedIOException(new IOException("No space left on device"));
          }
        };
    assertThatThrownBy(() -> inflation.write(out, full)).isInstanceOf(UncheckedIOException.class);
    if (exists) {
      assertThat(out).isEmptyDirectory();
    } else {
      assertThat(out).doesNotExist();
    }
  }
}
