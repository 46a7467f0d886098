package io.heterospec.processor.checkpoint;

/** Told how far the loading of a model pair has come; called on the loading thread. */
public interface LoadProgress {
  /** Shows nothing. */
  LoadProgress NONE =
      new LoadProgress() {
        @Override
        public void start(long bytes) {}

        @Override
        public void read(long bytes) {}
      };

  /**
   * Loading begins.
   *
   * @param bytes of all tensors; those that serve twice are read twice
   */
  void start(long bytes);

  /**
   * Some of it was read.
   *
   * @param bytes since the last call
   */
  void read(long bytes);
}
