package io.heterospec.processor.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.heterospec.processor.checkpoint.TargetCheckpoint;
import io.heterospec.processor.torch.Arithmetic;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvMemoryTest {
  private static final int[] TOKENS = {7, 3, 44, 12, 9};

  @TempDir Path directory;
  private TorchDevice device;
  private TargetModel target;
  private KvMemory memory;
  private long slot; // bytes of the smallest slot

  @BeforeEach
  void open() throws IOException {
    device = TorchDevice.open("cpu", 1);
    RandomCheckpoint checkpoint = RandomCheckpoint.target(1, 2, 4, 2, 8, false);
    float[] embeddings = checkpoint.weights.get("model.embed_tokens.weight").values();
    Arrays.fill(embeddings, 60 * 32, 61 * 32, Float.NaN); // token 60 poisons what it touches
    try (TargetCheckpoint files = TargetCheckpoint.open(checkpoint.write(directory, null))) {
      target = TargetModel.load(device, Arithmetic.choose(device, Dtype.FP32), files, false);
    }
    memory = target.memory();
    slot = memory.bytesFor(1);
  }

  @AfterEach
  void close() {
    target.close();
    device.close();
  }

  private List<KvCache> open(int count, int rows) {
    List<KvCache> caches = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      caches.add(memory.open(rows));
    }
    return caches;
  }

  private float[] next(KvCache cache, int token) {
    return target.logits(new int[] {token}, 0, 1, cache);
  }

  @Test
  void slotsHaveRoomForWhatIsAskedAndWasteAtMostAThird() {
    assertThat(slot).isEqualTo(64 * memory.rowBytes());
    for (int rows = 64; rows < 5000; rows++) {
      long bytes = memory.bytesFor(rows);
      assertThat(bytes).isBetween(rows * memory.rowBytes(), rows * memory.rowBytes() * 3 / 2);
      assertThat(memory.bytesFor(Math.toIntExact(bytes / memory.rowBytes()))).isEqualTo(bytes);
    }
  }

  @Test
  void aPoolGrowsByDoublingAndKeepsItsRows() {
    KvCache first = memory.open(64);
    target.prefill(TOKENS, 0, TOKENS.length, first).close();
    KvCache alone = memory.open(100);
    target.prefill(TOKENS, 0, TOKENS.length, alone).close();
    long others = memory.bytesFor(100);
    assertThat(memory.bytes()).isEqualTo(slot + others);
    memory.open(64);
    assertThat(memory.bytes()).isEqualTo(2 * slot + others);
    memory.open(64);
    assertThat(memory.bytes()).isEqualTo(4 * slot + others);
    assertThat(memory.usedBytes()).isEqualTo(3 * slot + others);
    assertThat(next(first, 5)).isEqualTo(next(alone, 5));
  }

  @Test
  void growthStopsAtTheLimit() {
    memory.limit(3 * slot + 1);
    open(2, 64);
    assertThat(memory.fits(64)).isTrue();
    assertThat(memory.fits(65)).isFalse();
    memory.open(64);
    assertThat(memory.bytes()).isEqualTo(3 * slot);
    assertThat(memory.fits(64)).isFalse();
    assertThat(memory.fits(64, slot)).isTrue();
    assertThatThrownBy(() -> memory.open(64))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("limit of " + (3 * slot + 1));
  }

  @Test
  void closedCachesMakeRoomForOthersWhereverTheyLie() {
    memory.limit(4 * slot);
    List<KvCache> caches = open(4, 64);
    KvCache last = caches.get(3);
    target.prefill(TOKENS, 0, TOKENS.length, last).close();
    float[] before = next(last, 5);
    caches.get(0).close();
    caches.get(1).close();
    assertThat(memory.fits(128)).isTrue();
    KvCache large = memory.open(128);
    assertThat(memory.bytes()).isEqualTo(4 * slot);
    target.prefill(TOKENS, 0, TOKENS.length, large).close();
    assertThat(next(large, 5)).isEqualTo(before);
    assertThat(next(last, 6)).isEqualTo(next(large, 6));
    caches.get(2).close();
    last.close();
    assertThat(memory.usedBytes()).isEqualTo(2 * slot);
  }

  @Test
  void roomIsMadeOfThePoolsWithTheMostToGiveAndNoOthers() {
    List<KvCache> small = open(2, 64);
    List<KvCache> large = open(4, 128);
    memory.limit(memory.bytes());
    small.get(0).close();
    large.subList(0, 3).forEach(KvCache::close);
    memory.open(192); // as much as three small slots; the large ones have six to give
    assertThat(memory.bytes() - memory.usedBytes()).isEqualTo(slot);
  }

  @Test
  void trimmingGivesBackAllThatNoCacheHas() {
    List<KvCache> caches = open(3, 64);
    KvCache other = memory.open(1000);
    caches.get(1).close();
    caches.get(1).close(); // once is enough
    other.close();
    memory.trim();
    assertThat(memory.bytes()).isEqualTo(memory.usedBytes()).isEqualTo(2 * slot);
    caches.get(0).close();
    caches.get(2).close();
    memory.trim();
    assertThat(memory.bytes()).isZero();
    memory.open(64).close();
    assertThat(memory.bytes()).isEqualTo(slot);
  }

  @Test
  void aSlotKeepsNothingOfItsFormerSequence() {
    KvCache poisoned = memory.open(64);
    target.prefill(new int[] {60, 60, 60, 60, 60, 60, 60, 60, 60}, 0, 9, poisoned).close();
    poisoned.close();
    KvCache clean = memory.open(64);
    KvCache other = memory.open(64); // two slots in one pass: attention reads whole slots
    RowBatch batch = new RowBatch();
    for (KvCache cache : List.of(clean, other)) {
      int row = batch.start(batch.add(cache, 1, 1));
      batch.set(row, TOKENS[0], 0);
    }
    for (float logit : target.logits(batch)) {
      assertThat(logit).isFinite();
    }
  }

  @Test
  void promptsOfSeveralSequencesPrefillInOnePass() {
    int[][] prompts = {TOKENS, {1}, {8, 9, 10, 11, 12, 13, 14, 15}};
    List<KvCache> caches = List.of(memory.open(64), memory.open(64), memory.open(100));
    RowBatch batch = new RowBatch();
    for (int i = 0; i < prompts.length; i++) {
      int row = batch.start(batch.add(caches.get(i), prompts[i].length));
      for (int position = 0; position < prompts[i].length; position++) {
        batch.set(row + position, prompts[i][position], position);
      }
    }
    target.verify(batch, new Choices()).features().close();
    for (int i = 0; i < prompts.length; i++) {
      caches.get(i).append(prompts[i].length);
      KvCache alone = memory.open(64);
      target.prefill(prompts[i], 0, prompts[i].length, alone).close();
      float[] expected = next(alone, 5);
      float[] actual = next(caches.get(i), 5);
      for (int id = 0; id < expected.length; id++) {
        assertThat(actual[id]).isCloseTo(expected[id], within(1e-4f));
      }
    }
  }
}
