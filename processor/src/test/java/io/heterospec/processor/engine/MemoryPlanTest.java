package io.heterospec.processor.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.heterospec.processor.SharedFixtures;
import io.heterospec.processor.checkpoint.DraftCheckpoint;
import io.heterospec.processor.checkpoint.SparseCheckpoint;
import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.engine.DevicePlacement.Room;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.TreeShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryPlanTest {
  private static final long MIB = 1 << 20;
  private static final long RESERVE = 512 * MIB;

  private final EngineOptions options =
      EngineOptions.of(SharedFixtures.demoTarget(), SharedFixtures.demoDraft())
          .withCacheBytes(64 * MIB);
  @TempDir Path directory;
  private TargetCheckpoint target;
  private DraftCheckpoint draft;

  @BeforeEach
  void open() {
    target = TargetCheckpoint.open(SharedFixtures.demoTarget());
    draft = DraftCheckpoint.open(SharedFixtures.demoDraft(), target.config());
  }

  @AfterEach
  void close() {
    draft.close();
    target.close();
  }

  private MemoryPlan plan(DraftCheckpoint head, Dtype dtype, OptionalLong available) {
    EngineOptions used = head == null ? EngineOptions.of(options.model(), null) : options;
    return MemoryPlan.of(used.withCacheBytes(64 * MIB), target, head, dtype, available);
  }

  @Test
  void weightsAreThoseOfTheFilesInTheArithmeticsTypeAndTheRest() {
    MemoryPlan plan = plan(draft, Dtype.BF16, OptionalLong.empty());
    long files = 2 * (target.tensors().parameterCount() + draft.tensors().parameterCount());
    // A tied embedding is there twice, and the rotary tables count.
    long embedding = 2L * target.config().vocabularySize() * target.config().hiddenSize();
    assertThat(plan.weights()).isBetween(files, files + embedding + 2 * MIB);
    assertThat(plan(draft, Dtype.FP32, OptionalLong.empty()).weights())
        .isEqualTo(2 * plan.weights());
    assertThat(plan.caches()).isEqualTo(64 * MIB);
  }

  @Test
  void cachesGetHalfOfWhatIsLeftSinceTheyAreCopiedAsTheyGrow() {
    MemoryPlan plan = plan(draft, Dtype.BF16, OptionalLong.empty());
    long need = plan.weights() + plan.workspace() + RESERVE;
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(need + 20 * MIB)).caches())
        .isEqualTo(10 * MIB);
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(need + 200 * MIB)).caches())
        .isEqualTo(64 * MIB);
  }

  @Test
  void theWorkspaceHoldsTheLogitsOfEveryRowOfEveryTree() {
    long few = plan(draft, Dtype.BF16, OptionalLong.empty()).workspace();
    EngineOptions wide = options.withShape(new TreeShape(10, 7, 60));
    long many = MemoryPlan.of(wide, target, draft, Dtype.BF16, OptionalLong.empty()).workspace();
    long rows = 16L * (60 - TreeShape.cpuDefault().nodes());
    assertThat(many - few).isGreaterThan(rows * target.config().vocabularySize() * (2 + 4));
  }

  @Test
  void severalDevicesShareWeightsAndCaches() {
    MemoryPlan alone = plan(draft, Dtype.BF16, OptionalLong.empty());
    long room = RESERVE + alone.workspace() + alone.weights();
    MemoryPlan two =
        MemoryPlan.of(
            options,
            target,
            draft,
            Dtype.BF16,
            List.of(new Room("gpu:0", room), new Room("gpu:1", room)));
    assertThat(two.placement().devices()).containsExactly("gpu:0", "gpu:1");
    assertThat(Arrays.stream(two.placement().layers()).sum()).isEqualTo(target.config().layers());
    // The head borrows the embeddings, which lie on the other device; tables are on both.
    assertThat(two.weights()).isBetween(alone.weights(), 2 * alone.weights());
    long row = target.config().kvBytesPerToken(2) + draft.config().kvBytesPerToken(2);
    assertThat(two.caches()).isEqualTo(two.cacheTokens() * row);
    assertThat(two.caches()).isBetween(1L, alone.weights());
    assertThatThrownBy(
            () ->
                MemoryPlan.of(
                    options,
                    target,
                    draft,
                    Dtype.BF16,
                    List.of(new Room("gpu:0", room), new Room("gpu:1", RESERVE))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("gpu:1");
  }

  @Test
  void seventyBillionParametersAndTheirHeadFitTwoCardsOf80Gigabytes() throws IOException {
    Path seventy = directory.resolve("seventy");
    SparseCheckpoint.write(
        seventy,
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8192,
         "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
         "intermediate_size": 28672, "vocab_size": 128256, "max_position_embeddings": 131072}
        """);
    Path head = directory.resolve("head");
    SparseCheckpoint.write(
        head,
        """
        {"architectures": ["LlamaForCausalLMEagle3"], "hidden_size": 8192,
         "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672,
         "vocab_size": 128256, "draft_vocab_size": 32000, "max_position_embeddings": 2048}
        """);
    EngineOptions pair = EngineOptions.of(seventy, head).withDevice("gpu:0,gpu:1");
    long card = 79L << 30;
    MemoryPlan plan =
        MemoryPlan.of(pair, List.of(new Room("gpu:0", card), new Room("gpu:1", card)));
    assertThat(plan.placement().layers()).hasSize(2);
    assertThat(plan.placement().layers()[0]).isBetween(39, 43);
    assertThat(plan.weights()).isBetween(141_000_000_000L, 148_000_000_000L);
    assertThat(plan.cacheTokens()).isGreaterThan(10_000);
    assertThatThrownBy(() -> MemoryPlan.of(pair, List.of(new Room("gpu:0", card))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("use a smaller model, or a device with more memory");
  }

  @Test
  void whatDoesNotFitIsRefusedWithWhatWould() {
    MemoryPlan sixteen = plan(draft, Dtype.BF16, OptionalLong.empty());
    long enough = sixteen.weights() + sixteen.workspace() + RESERVE + 8 * MIB;
    assertThat(plan(draft, Dtype.BF16, OptionalLong.of(enough)).caches()).isPositive();
    assertThatThrownBy(() -> plan(draft, Dtype.FP32, OptionalLong.of(enough)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(options.model().toString(), "on cpu", "--dtype bf16 would fit");
    long without = enough - 6 * MIB;
    assertThatThrownBy(() -> plan(draft, Dtype.BF16, OptionalLong.of(without)))
        .hasMessageContaining("without --draft it would fit");
    assertThat(plan(null, Dtype.BF16, OptionalLong.of(without)).caches()).isPositive();
    assertThatThrownBy(() -> plan(null, Dtype.BF16, OptionalLong.of(RESERVE)))
        .hasMessageContaining("use a smaller model, or a device with more memory");
  }
}
