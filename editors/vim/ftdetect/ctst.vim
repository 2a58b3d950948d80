autocmd BufRead,BufNewFile *.ctst setfiletype ctst
