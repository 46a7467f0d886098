package io.heterospec.topology.cli;

/**
 * What an instance takes at one moment. Bytes are MiB.
 *
 * @param seconds since the load began
 * @param completions that had been read
 * @param rss resident memory
 * @param heap of Java, after a collection
 * @param stateFiles of RocksDB, with {@code stateMb} in them
 * @param sessions that it knows, at most {@value InstanceProbe#MOST_SESSIONS}
 * @param pending requests it has accepted and not ended
 * @param lag records of its input that it has not read
 * @param pollGap longest time between two polls since the last sample or the one before, in seconds
 */
record SoakSample(
    double seconds,
    int completions,
    double rss,
    double heap,
    double threads,
    double stateFiles,
    double stateMb,
    double sessions,
    double pending,
    double lag,
    double pollGap) {}
