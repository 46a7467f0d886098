package io.heterospec.processor.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.heterospec.processor.SharedFixtures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged and unfitting checkpoints are refused with the file, the tensor and a remedy named. */
class CheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;
  private Path target;
  private Path draft;

  @BeforeEach
  void copyDemoPair() throws IOException {
    target = copy(SharedFixtures.demoTarget(), directory.resolve("target"));
    draft = copy(SharedFixtures.demoDraft(), directory.resolve("draft"));
  }

  private static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.write(to.resolve(file.getFileName()), Files.readAllBytes(file));
      }
    }
    return to;
  }

  private static void edit(Path file, Consumer<ObjectNode> change) throws IOException {
    ObjectNode node = (ObjectNode) JSON.readTree(file.toFile());
    change.accept(node);
    Files.write(file, JSON.writeValueAsBytes(node));
  }

  /** Rewrites the header of a safetensors file; the data stays. */
  private static void editHeader(Path file, Consumer<ObjectNode> change) throws IOException {
    ByteBuffer old = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) old.getLong();
    byte[] header = new byte[length];
    old.get(header);
    ObjectNode node = (ObjectNode) JSON.readTree(header);
    change.accept(node);
    byte[] json = JSON.writeValueAsBytes(node);
    ByteBuffer out =
        ByteBuffer.allocate(8 + json.length + old.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(json.length).put(json).put(old);
    Files.write(file, out.array());
  }

  private void targetIsRefused(String... parts) {
    assertThatThrownBy(() -> TargetCheckpoint.open(target).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(parts);
  }

  private void draftIsRefused(String... parts) {
    TargetConfig config = TargetConfig.read(target);
    assertThatThrownBy(() -> DraftCheckpoint.open(draft, config).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll(parts);
  }

  @Test
  void theDemoPairIsWhole() {
    try (TargetCheckpoint whole = TargetCheckpoint.open(target);
        DraftCheckpoint head = DraftCheckpoint.open(draft, whole.config())) {
      assertThat(whole.config().layers()).isEqualTo(8);
      assertThat(whole.config().kvBytesPerToken(2)).isEqualTo(4096);
      assertThat(head.draftToTarget()).hasSize(3072).doesNotHaveDuplicates();
    }
  }

  @Test
  void aTruncatedFileIsRefused() throws IOException {
    Path file = target.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1000));
    targetIsRefused("model.safetensors", "truncated");
  }

  @Test
  void aFileThatIsNoSafetensorsFileIsRefused() throws IOException {
    Files.write(
        target.resolve("model.safetensors"),
        "version https://example.org/spec/v1".getBytes(StandardCharsets.UTF_8),
        StandardOpenOption.TRUNCATE_EXISTING);
    targetIsRefused("model.safetensors");
  }

  @Test
  void aMissingTensorIsNamed() throws IOException {
    editHeader(
        target.resolve("model.safetensors"),
        header -> header.remove("model.layers.3.mlp.up_proj.weight"));
    targetIsRefused("model.layers.3.mlp.up_proj.weight", "model.safetensors");
  }

  @Test
  void aTensorOfAnotherShapeIsNamed() throws IOException {
    edit(target.resolve("config.json"), config -> config.put("intermediate_size", 700));
    targetIsRefused("model.layers.0.mlp.gate_proj.weight", "[704, 256]", "[700, 256]");
  }

  @Test
  void overlappingTensorsAreRefused() throws IOException {
    editHeader(
        target.resolve("model.safetensors"),
        header -> {
          ObjectNode norm = (ObjectNode) header.get("model.layers.1.input_layernorm.weight");
          norm.set(
              "data_offsets",
              header.get("model.layers.0.input_layernorm.weight").get("data_offsets"));
        });
    targetIsRefused("overlapping");
  }

  @Test
  void aModelOfAnUnknownFamilyIsRefused() throws IOException {
    edit(target.resolve("config.json"), config -> config.put("model_type", "mamba"));
    targetIsRefused("model_type", "mamba", "only llama, mistral, qwen2, qwen3");
  }

  @Test
  void anUnknownRotaryScalingIsRefused() throws IOException {
    edit(
        target.resolve("config.json"),
        config -> config.putObject("rope_scaling").put("rope_type", "longrope").put("factor", 2));
    targetIsRefused("rope_scaling", "longrope");
  }

  @Test
  void aHeadOfAnotherTargetIsRefused() throws IOException {
    edit(draft.resolve("config.json"), config -> config.put("vocab_size", 5000));
    draftIsRefused("vocabulary 5000", "4096", "use the head of this target");
  }

  @Test
  void aTargetIsNoHeadAndAHeadIsNoTarget() throws IOException {
    assertThatThrownBy(() -> TargetCheckpoint.open(draft).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("draft head");
    assertThatThrownBy(() -> DraftCheckpoint.open(target, TargetConfig.read(target)).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("EAGLE-3 head");
  }

  @Test
  void aHeadWithoutItsVocabularyMapIsRefused() throws IOException {
    editHeader(draft.resolve("model.safetensors"), header -> header.remove("d2t"));
    draftIsRefused("d2t");
  }

  @Test
  void shardsAreFoundThroughTheIndexAndAMissingOneIsNamed() throws IOException {
    Path whole = target.resolve("model.safetensors");
    Path first = target.resolve("model-00001-of-00002.safetensors");
    Path second = target.resolve("model-00002-of-00002.safetensors");
    Files.copy(whole, first);
    Files.move(whole, second);
    ObjectNode index = JSON.createObjectNode();
    ObjectNode map = index.putObject("weight_map");
    // Each shard keeps the tensors the index gives it.
    editHeader(first, header -> header.properties().removeIf(e -> isSecond(e.getKey())));
    editHeader(second, header -> header.properties().removeIf(e -> !isSecond(e.getKey())));
    for (Path shard : new Path[] {first, second}) {
      try (CheckpointTensors tensors = CheckpointTensors.open(only(shard))) {
        tensors.names().forEach(name -> map.put(name, shard.getFileName().toString()));
      }
    }
    Files.write(target.resolve("model.safetensors.index.json"), JSON.writeValueAsBytes(index));
    try (TargetCheckpoint sharded = TargetCheckpoint.open(target)) {
      assertThat(sharded.tensors().files()).hasSize(2);
    }
    Files.delete(second);
    targetIsRefused("model-00002-of-00002.safetensors");
  }

  private static boolean isSecond(String tensor) {
    return tensor.startsWith("model.layers.7.");
  }

  private Path only(Path shard) throws IOException {
    Path alone = Files.createDirectories(directory.resolve("alone-" + shard.getFileName()));
    Files.copy(shard, alone.resolve("model.safetensors"));
    return alone;
  }

  @Test
  void rotaryFrequenciesOfLlama31AreStretchedAsPublished() {
    double[] inverse = RotaryFrequencies.inverse(128, 500000, RopeScaling.llama3(8, 1, 4, 8192));
    double[] plain = RotaryFrequencies.inverse(128, 500000, null);
    assertThat(inverse[0]).isEqualTo(1);
    assertThat(inverse[63]).isCloseTo(plain[63] / 8, within(1e-15));
    assertThat(inverse[28]).isEqualTo(plain[28]);
    assertThat(inverse[32]).isBetween(plain[32] / 8, plain[32]);
  }

  @Test
  void fingerprintsTellOtherWeightsApart() throws IOException {
    String before = Fingerprint.of(target, draft);
    assertThat(Fingerprint.of(target)).isNotEqualTo(before);
    byte[] bytes = Files.readAllBytes(draft.resolve("model.safetensors"));
    bytes[bytes.length / 2] ^= 1;
    Files.write(draft.resolve("model.safetensors"), bytes);
    assertThat(Fingerprint.of(target, draft)).isNotEqualTo(before);
  }

  @Test
  void aSummaryListsWhyACheckpointCannotRun() throws IOException {
    assertThat(CheckpointSummary.of(target).runnable()).isTrue();
    assertThat(CheckpointSummary.of(draft, target).featureLayers()).containsExactly(2, 4, 5);
    edit(target.resolve("config.json"), config -> config.put("hidden_act", "gelu"));
    CheckpointSummary summary = CheckpointSummary.of(target);
    assertThat(summary.runnable()).isFalse();
    assertThat(summary.problems().get(0)).contains("hidden_act", "gelu");
  }
}
