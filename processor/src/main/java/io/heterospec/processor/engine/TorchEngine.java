package io.heterospec.processor.engine;

import io.heterospec.processor.text.TextModel;
import io.heterospec.processor.torch.Dtype;
import io.heterospec.processor.tree.EntropyBins;
import io.heterospec.processor.tree.TreeShape;
import java.util.List;

/** The engine of a target and its EAGLE-3 head on one device, through DJL's PyTorch engine. */
public final class TorchEngine implements DecodeEngine {

  private TorchEngine() {}

  /**
   * Loads a model pair and starts the engine's thread. Blocks until the models are loaded.
   *
   * @throws io.heterospec.processor.checkpoint.CheckpointException when a directory cannot be used
   * @throws IllegalArgumentException when an option does not fit the model or the machine
   */
  public static TorchEngine open(EngineOptions options) {
    throw new UnsupportedOperationException();
  }

  /** Names of the tree policies this engine serves. */
  public List<String> modes() {
    throw new UnsupportedOperationException();
  }

  /** The policy of requests that name none. */
  public String defaultMode() {
    throw new UnsupportedOperationException();
  }

  /** Device as given: {@code cpu} or {@code gpu:N}. */
  public String device() {
    throw new UnsupportedOperationException();
  }

  public int threads() {
    throw new UnsupportedOperationException();
  }

  public Dtype dtype() {
    throw new UnsupportedOperationException();
  }

  /** Base draft tree; {@link TreeShape#NONE} without a head. */
  public TreeShape shape() {
    throw new UnsupportedOperationException();
  }

  /**
   * Entropy bins in use; {@link EntropyBins#calibrated()} tells whether they are a guess. Null
   * without a head.
   */
  public EntropyBins bins() {
    throw new UnsupportedOperationException();
  }

  /**
   * Scores a given sequence; blocks until the engine's thread has done it.
   *
   * @param ids 1 to {@code contextLength} token ids
   * @param top candidates listed for each position
   * @return one score for each id
   */
  public List<TokenScore> score(int[] ids, int top) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean submit(GenerationRequest request, GenerationListener listener) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void cancel(String requestId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void abandon(String requestId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int load() {
    throw new UnsupportedOperationException();
  }

  @Override
  public TextModel model() {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean healthy() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
