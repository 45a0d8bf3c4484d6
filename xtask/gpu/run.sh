#!/bin/sh
# Runs what `cargo xtask gpu bundle` built, on a machine with an NVIDIA GPU.
#   run.sh              the tests, then both devices compared
#   run.sh devices      only the comparison
#   run.sh metarl …     the program, for example: run.sh metarl train rl2-bandit-10x5 --device cuda
# Exit codes: 0 passed, 1 failed, 2 the machine lacks something.
set -u

lacking() {
    echo "error: $1" >&2
    exit 2
}

# Kernels that are compiled here look for headers where they were when the bundle was built.
here=$(cd "$(dirname "$0")" && pwd -P)
if [ "$here" != @PREFIX@ ]; then
    if [ -L @PREFIX@ ] || [ ! -e @PREFIX@ ]; then
        ln -sfn "$here" @PREFIX@ || lacking "cannot make the link @PREFIX@"
    else
        lacking "@PREFIX@ is something else; move it away, or unpack the bundle there"
    fi
fi

# Folders of libraries: the driver's, a toolkit's, those of Python's packages.
folders=${LD_LIBRARY_PATH:-}
for folder in /usr/local/nvidia/lib64 /usr/local/cuda/lib64 /usr/local/cuda-13*/lib64 \
    $(python3 -c 'import glob, site; print(*(f for s in [*site.getsitepackages(), site.getusersitepackages()] for f in glob.glob(s + "/nvidia/*/lib")))' 2>/dev/null); do
    [ -d "$folder" ] && folders=$folders:$folder
done
export LD_LIBRARY_PATH="${folders#:}"

found() {
    ldconfig -p 2>/dev/null | grep -q "$1" && return 0
    (IFS=:; for folder in $LD_LIBRARY_PATH; do [ -e "$folder/$1" ] && exit 0; done; exit 1)
}

found libcuda.so.1 || lacking "no NVIDIA driver: libcuda.so.1 is not found"
gpus=$(nvidia-smi --query-gpu=name,driver_version,compute_cap --format=csv,noheader 2>&1) ||
    lacking "no NVIDIA GPU: nvidia-smi says: $gpus"
for library in libcublas.so.13 libcublasLt.so.13 libnvrtc.so.13; do
    found $library || lacking "$library is not found; python3 -m pip install 'nvidia-cublas==13.0.*' 'nvidia-cuda-nvrtc==13.0.*', or add its folder to LD_LIBRARY_PATH"
done
capability=$(echo "$gpus" | head -n 1 | sed 's/.*, //')
older=$(printf '%s\n@CAPABILITY@\n' "$capability" | sort -V | head -n 1)
[ "$older" = @CAPABILITY@ ] ||
    lacking "this GPU has compute capability $capability, the bundle is for @CAPABILITY@ and later; build one with --compute-capability $capability"
echo "$gpus"

cd "$here" || exit 2
case ${1:-all} in
all) ;;
devices) exec bundle/devices ;;
metarl) shift && exec bundle/metarl "$@" ;;
*) lacking "run.sh, run.sh devices or run.sh metarl …, got $1" ;;
esac

failed=
for test in @TESTS@; do
    name=${test%%:*}
    echo "── $name"
    bundle/"$name" --test-threads 4 ${test#*:} || failed="$failed $name"
done
echo "── CPU and GPU"
bundle/devices || failed="$failed devices"
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
echo "passed"
