# Each target does its own set-up (Debian packages, libtorch, build) where
# something is missing, and nothing where it is not.
.PHONY: help build demo test lint format clean asan cuda images goldens pictures accuracy experiments example checkpoint forms bench capacity k8s dashboard

help:
	@echo 'make demo      start a cluster on this machine and ask it about pictures'
	@echo 'make test      build and run every test'
	@echo 'make lint      formatting, contracts, Python, shell, clang-tidy (FULL=1: tests too)'
	@echo 'make build     build everything into build/release'
	@echo 'make format    format the C++ sources'
	@echo 'make asan      every test under AddressSanitizer and UBSan'
	@echo 'make cuda      build the model services against a CUDA build of libtorch'
	@echo 'make images    build the container images, start them and ask a question'
	@echo 'make accuracy  accuracy of the search on 200 held-out questions'
	@echo 'make experiments  the comparisons of the paper on 2000 held-out questions (an hour)'
	@echo 'make bench     a short form of every benchmark'
	@echo 'make forms     train a checkpoint on each form of answers, for make experiments (an hour and a half with AMX)'
	@echo 'make checkpoint  train the reference checkpoint again (77 minutes on two cores with bfloat16)'
	@echo 'make capacity  how large a cluster must be and how it scales, computed (minutes)'
	@echo 'make example   run the Python example against a cluster'
	@echo 'make dashboard a cluster under load, and a Prometheus that draws its dashboards'
	@echo 'make k8s       render the Kubernetes manifests into out/k8s'
	@echo 'make goldens   make the golden test data again with Hugging Face'
	@echo 'make pictures  draw the pictures of the demo again'
	@echo 'make clean     remove what was built (set-up stays)'

build:
	@bash scripts/build.sh release

demo:
	@bash scripts/demo.sh

test:
	@bash scripts/test.sh release

lint:
	@FULL=$(FULL) bash scripts/lint.sh

format:
	@bash scripts/format.sh

asan:
	@bash scripts/test.sh asan

cuda:
	@bash scripts/cuda.sh

images:
	@bash scripts/images.sh $(TARGETS)

accuracy:
	@bash scripts/accuracy.sh

checkpoint:
	@bash scripts/checkpoint.sh

forms:
	@bash scripts/forms.sh

bench:
	@bash scripts/bench.sh

capacity:
	@bash scripts/capacity.sh

experiments:
	@bash scripts/experiments.sh

example:
	@bash scripts/example.sh

dashboard:
	@bash scripts/dashboard.sh

k8s:
	@bash scripts/render_k8s.sh

goldens:
	@bash scripts/goldens.sh

pictures:
	@bash scripts/pictures.sh

clean:
	@rm -rf build out
	@echo 'removed build and out'
